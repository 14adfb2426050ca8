#pragma once
// What a door needs to speak TLS: the certificate and its key, loaded and matched, and what
// we accept. Immutable, shared by all workers: TLS 1.2 with forward secrecy and AEAD or 1.3,
// http/1.1 by ALPN, no compression, no renegotiation, sessions resumed by ticket.

#include <cstdint>
#include <memory>
#include <string>
#include <variant>

#include "config/config.h"
#include "gateway/tls/openssl.h"

namespace gateway::tls {

class Server {
 public:
  // The files' contents, or what is wrong with them: which file, and how to mend it. Nothing
  // of the key is ever said.
  static std::variant<std::shared_ptr<const Server>, std::string> load(
      const config::DoorTls& files);

  // One client's end of it, ready to shake hands; nullptr: no memory.
  SslPtr accept() const;

  // Until when the certificate is good, in seconds since 1970.
  std::int64_t expires() const { return expires_; }
  // The first of the file: the door's own. Lives as long as this.
  const X509* certificate() const { return SSL_CTX_get0_certificate(context_.get()); }
  // What should be mended although it works: it has expired, or is not valid yet. Empty: nothing.
  const std::string& warning() const { return warning_; }

 private:
  Server() = default;
  std::string use_certificates(const std::string& file);
  std::string use_key(const config::DoorTls& files);

  SslContextPtr context_;
  std::int64_t expires_ = 0;
  std::string warning_;
};

}  // namespace gateway::tls

#pragma once
// What one worker needs to speak TLS to upstreams: a client context for whom to trust
// (CA file, revocation lists), made anew when the files change, and the last session of
// each origin for resumption. Every context verifies the peer's chain and its name,
// unless there is one certificate alone to trust. What is revoked is known by lists
// alone: nobody is asked (OCSP). The worker's thread only; outlives every TlsConnection
// made from it.

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "config/base/error.h"
#include "gateway/tls/openssl.h"
#include "gateway/upstream/origin.h"

namespace gateway::upstream {

using tls::SslContextPtr;
using tls::SslPtr;
using tls::SslSessionPtr;

// Where TlsConnection leaves sessions as the upstream issues them.
struct TlsSessionSlot {
  SslSessionPtr last;
};

class Tls {
 public:
  // Where an origin names no files, its peer is whoever has the key of this very certificate,
  // whatever name, signer or date it bears. Before the first client(); `certificate` outlives this.
  config::Result<void> trust_only(const X509* certificate);

  // A client for `origin`, its name (or address) set to be verified and sent, ready to
  // handshake over a BIO; the session to resume is set where there is one.
  config::Result<SslPtr> client(const OriginView& origin);

  // Stays where it is as long as this lives.
  TlsSessionSlot& session_of(const OriginView& origin);

  // Makes `ssl` store its sessions in `slot`, which outlives it.
  static void keep_sessions(SSL* ssl, TlsSessionSlot& slot);

 private:
  using Files = std::pair<std::string, std::string>;  // authorities, revocation lists
  using Stamps = std::array<std::int64_t, 6>;         // what tells that one was replaced
  struct Trust {
    Stamps stamps{};
    SslContextPtr context;
  };

  static Stamps stamps_of(const Files& files);
  config::Result<SSL_CTX*> context(const OriginView& origin);
  void forget_sessions(const Files& files);

  std::map<Files, Trust> trusted_;
  std::unordered_map<Origin, TlsSessionSlot, OriginHash, OriginEqual> sessions_;
};

}  // namespace gateway::upstream

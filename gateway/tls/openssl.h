#pragma once
// OpenSSL's objects as owners that free them, and its errors in words.

#include <memory>
#include <string>

#include <openssl/ssl.h>

namespace gateway::tls {

template <auto kFree>
struct OpensslFree {
  void operator()(auto* object) const { kFree(object); }
};
using SslPtr = std::unique_ptr<SSL, OpensslFree<SSL_free>>;
using SslContextPtr = std::unique_ptr<SSL_CTX, OpensslFree<SSL_CTX_free>>;
using SslSessionPtr = std::unique_ptr<SSL_SESSION, OpensslFree<SSL_SESSION_free>>;

// The newest entry of this thread's error queue in words; empties the queue.
std::string failure_in_words();

}  // namespace gateway::tls

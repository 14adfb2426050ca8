#include "gateway/upstream/tls.h"

#include <cstddef>
#include <sys/stat.h>

#include <boost/asio/ip/address.hpp>
#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "gateway/log.h"
#include "gateway/upstream/errors.h"

namespace gateway::upstream {
namespace {

// RFC 7301: a length, then the name.
constexpr unsigned char kAlpn[] = {8, 'h', 't', 't', 'p', '/', '1', '.', '1'};

int store_session(SSL* ssl, SSL_SESSION* session) {
  auto* slot = static_cast<TlsSessionSlot*>(SSL_get_app_data(ssl));
  if (slot == nullptr) return 0;
  slot->last.reset(session);
  return 1;  // the reference is ours now
}

// Every certificate of a chain is looked up in its issuer's list, and without that list, or
// with one that has expired, nobody knows.
bool refuse_revoked(SSL_CTX* context, const std::string& crl_file) {
  X509_STORE* store = SSL_CTX_get_cert_store(context);
  X509_LOOKUP* lookup = X509_STORE_add_lookup(store, X509_LOOKUP_file());
  return lookup != nullptr && X509_load_crl_file(lookup, crl_file.c_str(), X509_FILETYPE_PEM) > 0 &&
         X509_STORE_set_flags(store, X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL) == 1;
}

config::Result<SslContextPtr> make_context(const std::string& ca_file,
                                           const std::string& crl_file) {
  ERR_clear_error();
  SslContextPtr context(SSL_CTX_new(TLS_client_method()));
  if (!context) return unavailable("TLS context: " + tls::failure_in_words());

  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
  const int loaded = ca_file.empty() ? SSL_CTX_set_default_verify_paths(context.get())
                                     : SSL_CTX_load_verify_file(context.get(), ca_file.c_str());
  // A file may also hold the very certificate that is meant, without who signed it.
  if (!ca_file.empty()) {
    X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(context.get()), X509_V_FLAG_PARTIAL_CHAIN);
  }
  if (loaded != 1)
    return unavailable(fmt::format("CA file {}: {}", ca_file, tls::failure_in_words()));
  if (!crl_file.empty() && !refuse_revoked(context.get(), crl_file))
    return unavailable(fmt::format("CRL file {}: {}", crl_file, tls::failure_in_words()));

  const bool set = SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION) == 1 &&
                   SSL_CTX_set_alpn_protos(context.get(), kAlpn, sizeof kAlpn) == 0;
  if (!set) return unavailable("TLS context: " + tls::failure_in_words());

  // Idle connections keep no record buffers; a write may be repeated from elsewhere,
  // because ranges are gathered anew each time.
  SSL_CTX_set_mode(context.get(), SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                      SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_read_ahead(context.get(), 1);
  SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_sess_set_new_cb(context.get(), store_session);
  return context;
}

int is_the_one(X509_STORE_CTX* presented, void* only) {
  const X509* certificate = X509_STORE_CTX_get0_cert(presented);
  const bool same =
      certificate != nullptr && X509_cmp(certificate, static_cast<const X509*>(only)) == 0;
  X509_STORE_CTX_set_error(presented, same ? X509_V_OK : X509_V_ERR_CERT_UNTRUSTED);
  return same ? 1 : 0;
}

// Whom the certificate must name.
bool expect_peer(SSL* ssl, const std::string& host) {
  boost::system::error_code not_an_address;
  boost::asio::ip::make_address(host, not_an_address);
  if (!not_an_address) {
    return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host.c_str()) == 1;
  }
  SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  return SSL_set1_host(ssl, host.c_str()) == 1 && SSL_set_tlsext_host_name(ssl, host.c_str()) == 1;
}

}  // namespace

config::Result<void> Tls::trust_only(const X509* certificate) {
  const Files none;
  auto made = make_context(none.first, none.second);
  if (!made) return std::move(made).error();
  // It takes the place of all that OpenSSL verifies by itself, the name included. What it hands
  // back untouched it takes as one that may be changed.
  SSL_CTX_set_cert_verify_callback(made->get(), is_the_one, const_cast<X509*>(certificate));
  trusted_[none] = {stamps_of(none), *std::move(made)};
  return {};
}

Tls::Stamps Tls::stamps_of(const Files& files) {
  constexpr std::int64_t kPerSecond = 1'000'000'000;
  Stamps out{};
  std::size_t at = 0;
  for (const std::string* file : {&files.first, &files.second}) {
    struct stat status{};
    if (!file->empty() && ::stat(file->c_str(), &status) == 0) {
      out[at] = static_cast<std::int64_t>(status.st_ino);
      out[at + 1] = status.st_size;
      out[at + 2] = status.st_mtim.tv_sec * kPerSecond + status.st_mtim.tv_nsec;
    }
    at += 3;
  }
  return out;
}

config::Result<SSL_CTX*> Tls::context(const OriginView& origin) {
  const Files files{origin.ca_file, origin.crl_file};
  Trust& trust = trusted_[files];
  const Stamps now = stamps_of(files);
  if (trust.context && trust.stamps == now) return trust.context.get();

  auto made = make_context(files.first, files.second);
  if (made) {
    trust.context = *std::move(made);
    forget_sessions(files);  // whoever has one is not looked at again
  } else if (!trust.context) {
    // Tried again next time: an operator may be mending it.
    return std::move(made).error();
  } else {
    log::warn("files to verify an upstream by have changed and cannot be used; the old ones stay",
              {{"why", made.error().detail}});
  }
  trust.stamps = now;
  return trust.context.get();
}

void Tls::forget_sessions(const Files& files) {
  for (auto& [origin, slot] : sessions_) {
    if (origin.ca_file == files.first && origin.crl_file == files.second) slot.last.reset();
  }
}

config::Result<SslPtr> Tls::client(const OriginView& origin) {
  auto found = context(origin);
  if (!found) return std::move(found).error();

  ERR_clear_error();
  SslPtr ssl(SSL_new(*found));
  if (!ssl || !expect_peer(ssl.get(), std::string(origin.host))) {
    return unavailable("TLS client: " + tls::failure_in_words());
  }
  SSL_set_connect_state(ssl.get());

  TlsSessionSlot& slot = session_of(origin);
  if (slot.last && SSL_SESSION_is_resumable(slot.last.get())) {
    SSL_set_session(ssl.get(), slot.last.get());
  }
  return ssl;
}

TlsSessionSlot& Tls::session_of(const OriginView& origin) {
  if (const auto place = sessions_.find(origin); place != sessions_.end()) return place->second;
  return sessions_.emplace(owned(origin), TlsSessionSlot{}).first->second;
}

void Tls::keep_sessions(SSL* ssl, TlsSessionSlot& slot) {
  SSL_set_app_data(ssl, &slot);
}

}  // namespace gateway::upstream

#include "gateway/tls/server.h"

#include <cstring>
#include <ctime>

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "config/text_file.h"

namespace gateway::tls {
namespace {

using BioPtr = std::unique_ptr<BIO, OpensslFree<BIO_free>>;
using CertificatePtr = std::unique_ptr<X509, OpensslFree<X509_free>>;
using KeyPtr = std::unique_ptr<EVP_PKEY, OpensslFree<EVP_PKEY_free>>;

constexpr std::size_t kMostBytes = 1024 * 1024;

// Forward secrecy and AEAD only; TLS 1.3 has no others.
constexpr const char* kTls12Ciphers =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:"
    "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:"
    "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305";

// A file's text, wiped when it goes: it may be a key's.
class FileInMemory {
 public:
  explicit FileInMemory(const std::string& path) {
    auto read = config::read_text_file(path, kMostBytes);
    if (auto* fault = std::get_if<config::FileFault>(&read)) {
      fault_ = path + " " + fault->why;
    } else {
      text_ = std::get<config::FileText>(std::move(read)).text;
    }
  }
  ~FileInMemory() { OPENSSL_cleanse(text_.data(), text_.size()); }
  FileInMemory(const FileInMemory&) = delete;
  FileInMemory& operator=(const FileInMemory&) = delete;

  const std::string& fault() const { return fault_; }
  BioPtr bio() const {
    return BioPtr(BIO_new_mem_buf(text_.data(), static_cast<int>(text_.size())));
  }

 private:
  std::string text_;
  std::string fault_;
};

// Nobody is there to be asked for it.
int no_passphrase(char*, int, int, void* was_asked) {
  *static_cast<bool*>(was_asked) = true;
  return -1;
}

std::int64_t seconds_of(const ASN1_TIME* time) {
  std::tm broken_down{};
  if (ASN1_TIME_to_tm(time, &broken_down) != 1) return 0;
  return ::timegm(&broken_down);
}

int choose_protocol(SSL*, const unsigned char** out, unsigned char* size,
                    const unsigned char* offered, unsigned int offered_size, void*) {
  // RFC 7301: a length, then the name.
  static constexpr unsigned char kHttp11[] = {8, 'h', 't', 't', 'p', '/', '1', '.', '1'};
  unsigned char* chosen = nullptr;
  const int found =
      SSL_select_next_proto(&chosen, size, kHttp11, sizeof kHttp11, offered, offered_size);
  if (found != OPENSSL_NPN_NEGOTIATED) return SSL_TLSEXT_ERR_ALERT_FATAL;
  *out = chosen;
  return SSL_TLSEXT_ERR_OK;
}

SslContextPtr make_context() {
  SslContextPtr context(SSL_CTX_new(TLS_server_method()));
  if (!context) return nullptr;
  SSL_CTX* c = context.get();
  const bool set = SSL_CTX_set_min_proto_version(c, TLS1_2_VERSION) == 1 &&
                   SSL_CTX_set_cipher_list(c, kTls12Ciphers) == 1;
  if (!set) return nullptr;
  SSL_CTX_set_options(c, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION);
  // A quiet connection keeps no record buffers; a write may be repeated from elsewhere,
  // because ranges are gathered anew each time.
  SSL_CTX_set_mode(c, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                          SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_read_ahead(c, 1);
  // Resumed by ticket, which no server has to remember.
  SSL_CTX_set_session_cache_mode(c, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_num_tickets(c, 1);
  SSL_CTX_set_alpn_select_cb(c, choose_protocol, nullptr);
  return context;
}

std::string day_of(std::int64_t seconds) {
  return fmt::format("{:%Y-%m-%d}", fmt::gmtime(static_cast<std::time_t>(seconds)));
}

}  // namespace

std::variant<std::shared_ptr<const Server>, std::string> Server::load(
    const config::DoorTls& files) {
  ERR_clear_error();
  std::shared_ptr<Server> made(new Server);
  made->context_ = make_context();
  if (!made->context_) return "TLS cannot be set up: " + failure_in_words();
  if (auto problem = made->use_certificates(files.certificate); !problem.empty()) return problem;
  if (auto problem = made->use_key(files); !problem.empty()) return problem;
  return std::shared_ptr<const Server>(std::move(made));
}

// The server's own first, then those that lead from it to an authority.
std::string Server::use_certificates(const std::string& file) {
  const FileInMemory text(file);
  if (!text.fault().empty()) return text.fault();
  const BioPtr bio = text.bio();
  const CertificatePtr own(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
  if (!own) {
    ERR_clear_error();
    return file + " holds no certificate in PEM (\"-----BEGIN CERTIFICATE-----\")";
  }
  if (SSL_CTX_use_certificate(context_.get(), own.get()) != 1) {
    return fmt::format("the certificate in {} cannot be used: {}", file, failure_in_words());
  }
  while (X509* further = PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr)) {
    SSL_CTX_add0_chain_cert(context_.get(), further);  // which owns it now
  }
  const unsigned long ended = ERR_peek_last_error();
  if (ERR_GET_LIB(ended) != ERR_LIB_PEM || ERR_GET_REASON(ended) != PEM_R_NO_START_LINE) {
    return fmt::format("{} holds a certificate that cannot be read: {}", file, failure_in_words());
  }
  ERR_clear_error();

  expires_ = seconds_of(X509_get0_notAfter(own.get()));
  if (X509_cmp_current_time(X509_get0_notAfter(own.get())) < 0) {
    warning_ = fmt::format("the certificate in {} has expired on {}: clients will refuse it", file,
                           day_of(expires_));
  } else if (X509_cmp_current_time(X509_get0_notBefore(own.get())) > 0) {
    warning_ = fmt::format("the certificate in {} is not valid before {}: clients will refuse it",
                           file, day_of(seconds_of(X509_get0_notBefore(own.get()))));
  }
  return {};
}

std::string Server::use_key(const config::DoorTls& files) {
  const FileInMemory text(files.key);
  if (!text.fault().empty()) return text.fault();
  const BioPtr bio = text.bio();
  bool encrypted = false;
  const KeyPtr key(PEM_read_bio_PrivateKey(bio.get(), nullptr, no_passphrase, &encrypted));
  ERR_clear_error();
  if (!key && encrypted) {
    return files.key +
           " is encrypted, and nobody is asked for its passphrase; take it off with "
           "`openssl pkey -in FILE -out NEW` and keep the new file readable by the gateway alone";
  }
  if (!key) return files.key + " holds no private key in PEM (\"-----BEGIN PRIVATE KEY-----\")";
  if (SSL_CTX_use_PrivateKey(context_.get(), key.get()) != 1 ||
      SSL_CTX_check_private_key(context_.get()) != 1) {
    ERR_clear_error();
    return fmt::format(
        "the key in {} does not fit the first certificate in {}, which must be the server's own",
        files.key, files.certificate);
  }
  return {};
}

SslPtr Server::accept() const {
  ERR_clear_error();
  SslPtr ssl(SSL_new(context_.get()));
  if (ssl) SSL_set_accept_state(ssl.get());
  return ssl;
}

}  // namespace gateway::tls

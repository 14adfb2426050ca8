#include "tests/support/tls_client.h"

#include <stdexcept>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

namespace test {

struct TlsClient::State {
  SSL_CTX* context = nullptr;
  SSL* ssl = nullptr;
  BIO* in = nullptr;   // the SSL's
  BIO* out = nullptr;  // the SSL's

  ~State() {
    SSL_free(ssl);
    SSL_CTX_free(context);
  }
};

TlsClient::TlsClient(const std::string& ca_file) : state_(std::make_unique<State>()) {
  State& s = *state_;
  s.context = SSL_CTX_new(TLS_client_method());
  SSL_CTX_set_verify(s.context, SSL_VERIFY_PEER, nullptr);
  if (SSL_CTX_load_verify_file(s.context, ca_file.c_str()) != 1) {
    throw std::runtime_error("TLS client: no authority in " + ca_file);
  }
  s.ssl = SSL_new(s.context);
  X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(s.ssl), "127.0.0.1");
  s.in = BIO_new(BIO_s_mem());
  s.out = BIO_new(BIO_s_mem());
  SSL_set_bio(s.ssl, s.in, s.out);
  SSL_set_connect_state(s.ssl);
}

TlsClient::~TlsClient() = default;

bool TlsClient::shaken() {
  ERR_clear_error();
  const int result = SSL_do_handshake(state_->ssl);
  if (result == 1) return true;
  if (SSL_get_error(state_->ssl, result) == SSL_ERROR_WANT_READ) return false;
  const char* why = ERR_reason_error_string(ERR_peek_last_error());
  throw std::runtime_error(std::string("TLS client: ") + (why != nullptr ? why : "broken off"));
}

void TlsClient::feed(std::string_view from_socket) {
  BIO_write(state_->in, from_socket.data(), static_cast<int>(from_socket.size()));
}

void TlsClient::write(std::string_view plain) {
  std::size_t written = 0;
  if (!plain.empty()) SSL_write_ex(state_->ssl, plain.data(), plain.size(), &written);
}

void TlsClient::say_goodbye() {
  SSL_shutdown(state_->ssl);
}

std::string TlsClient::to_send() {
  std::string bytes(BIO_ctrl_pending(state_->out), '\0');
  if (!bytes.empty()) BIO_read(state_->out, bytes.data(), static_cast<int>(bytes.size()));
  return bytes;
}

bool TlsClient::read(std::string& plain) {
  char bytes[16 * 1024];
  for (;;) {
    ERR_clear_error();
    std::size_t got = 0;
    const int result = SSL_read_ex(state_->ssl, bytes, sizeof bytes, &got);
    if (result != 1) return SSL_get_error(state_->ssl, result) == SSL_ERROR_WANT_READ;
    plain.append(bytes, got);
  }
}

}  // namespace test

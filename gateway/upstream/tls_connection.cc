#include "gateway/upstream/tls_connection.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <string>
#include <sys/socket.h>
#include <utility>

#include <boost/asio/ssl/error.hpp>
#include <fmt/format.h>
#include <openssl/err.h>

#include "gateway/upstream/errors.h"

namespace gateway::upstream {
namespace {

// A record's most: larger writes would be cut there anyway.
constexpr std::size_t kRecord = 16 * 1024;

}  // namespace

struct TlsConnection::Bio {
  static TlsConnection& connection(BIO* bio) {
    return *static_cast<TlsConnection*>(BIO_get_data(bio));
  }

  static int read(BIO* bio, char* into, int size) {
    TlsConnection& self = connection(bio);
    BIO_clear_retry_flags(bio);
    if (self.drained_) {
      BIO_set_retry_read(bio);
      return -1;
    }
    const ssize_t got =
        ::recv(self.socket_.native_handle(), into, static_cast<std::size_t>(size), 0);
    if (got < 0 && would_block()) BIO_set_retry_read(bio);
    if (got < 0) self.note_error();
    if (got == 0) self.socket_error_ = net::error::eof;
    self.drained_ = got < size;
    return static_cast<int>(got);
  }

  static int write(BIO* bio, const char* bytes, int size) {
    TlsConnection& self = connection(bio);
    BIO_clear_retry_flags(bio);
    const ssize_t sent =
        ::send(self.socket_.native_handle(), bytes, static_cast<std::size_t>(size), MSG_NOSIGNAL);
    if (sent < 0 && would_block()) BIO_set_retry_write(bio);
    if (sent < 0) self.note_error();
    return static_cast<int>(sent);
  }

  static long control(BIO* bio, int command, long, void*) {
    if (command == BIO_CTRL_EOF) return connection(bio).socket_error_ == net::error::eof ? 1 : 0;
    return command == BIO_CTRL_FLUSH ? 1 : 0;
  }

  static bool would_block() { return errno == EAGAIN || errno == EWOULDBLOCK; }

  static const BIO_METHOD* method() {
    static BIO_METHOD* const made = [] {
      BIO_METHOD* m = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "socket");
      BIO_meth_set_read(m, read);
      BIO_meth_set_write(m, write);
      BIO_meth_set_ctrl(m, control);
      return m;
    }();
    return made;
  }
};

void TlsConnection::note_error() {
  if (!Bio::would_block()) socket_error_.assign(errno, boost::system::system_category());
}

TlsConnection::TlsConnection(TcpSocket socket, SslPtr ssl, TlsSessionSlot& slot)
    : Connection(std::move(socket)), ssl_(std::move(ssl)) {
  BIO* bio = BIO_new(Bio::method());
  BIO_set_data(bio, this);
  BIO_set_init(bio, 1);
  SSL_set_bio(ssl_.get(), bio, bio);  // which owns it now
  Tls::keep_sessions(ssl_.get(), slot);
}

// OpenSSL takes a session for broken whose connection was freed without a goodbye; ours
// ends with the socket, and the session stays good.
TlsConnection::~TlsConnection() {
  SSL_set_shutdown(ssl_.get(), SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
}

// What `result` of an SSL call means: would_block with the direction to wait for, the
// peer's close, or an error.
error_code TlsConnection::failure(int result, TcpSocket::wait_type& waits_for) {
  switch (SSL_get_error(ssl_.get(), result)) {
    case SSL_ERROR_WANT_READ:
      waits_for = TcpSocket::wait_read;
      return net::error::would_block;
    case SSL_ERROR_WANT_WRITE:
      waits_for = TcpSocket::wait_write;
      return net::error::would_block;
    case SSL_ERROR_ZERO_RETURN:
      return net::error::eof;
    default:
      break;
  }
  // Closed without TLS's own goodbye: an answer that ends so may have been cut.
  if (socket_error_ == net::error::eof) return net::ssl::error::stream_truncated;
  if (socket_error_) return socket_error_;
  return {static_cast<int>(ERR_peek_last_error()), net::error::get_ssl_category()};
}

Awaitable<config::Result<void>> TlsConnection::handshake() {
  for (;;) {
    ERR_clear_error();
    const int result = SSL_do_handshake(ssl_.get());
    if (result == 1) co_return config::Result<void>();

    TcpSocket::wait_type waits_for = TcpSocket::wait_read;
    const error_code error = failure(result, waits_for);
    if (error != net::error::would_block) {
      const long verdict = SSL_get_verify_result(ssl_.get());
      const std::string what = verdict != X509_V_OK ? X509_verify_cert_error_string(verdict)
                               : socket_error_      ? error.message()
                                                    : tls_failure();
      ERR_clear_error();
      co_return unavailable("TLS handshake: " + what);
    }
    if (waits_for == TcpSocket::wait_read) drained_ = false;
    const auto [closed] = co_await wait(waits_for);
    if (closed) co_return unavailable("TLS handshake: " + closed.message());
  }
}

// Reads until the socket is empty or `into` is full: a record that waits in OpenSSL's
// buffer wakes nobody.
Io TlsConnection::read_now(net::mutable_buffer into) {
  Io io;
  while (io.bytes < into.size()) {
    ERR_clear_error();
    std::size_t got = 0;
    const int result = SSL_read_ex(ssl_.get(), static_cast<char*>(into.data()) + io.bytes,
                                   into.size() - io.bytes, &got);
    if (result != 1) {
      io.error = failure(result, waits_for_on_read_);
      break;
    }
    io.bytes += got;
  }
  // What was read counts first; an end or error shows itself again.
  if (io.bytes > 0) io.error = {};
  return io;
}

Io TlsConnection::write_now(std::span<const net::const_buffer> ranges) {
  Io io;
  std::array<char, kRecord> gathered;
  std::size_t skip = 0;  // of the first range
  while (!ranges.empty()) {
    std::size_t size = 0;
    std::size_t offset = skip;
    for (const net::const_buffer& range : ranges) {
      const std::size_t part = std::min(range.size() - offset, kRecord - size);
      std::memcpy(gathered.data() + size, static_cast<const char*>(range.data()) + offset, part);
      size += part;
      offset = 0;
      if (size == kRecord) break;
    }

    ERR_clear_error();
    std::size_t sent = 0;
    const int result = SSL_write_ex(ssl_.get(), gathered.data(), size, &sent);
    if (result != 1) {
      io.error = failure(result, waits_for_on_write_);
      return io;
    }
    io.bytes += sent;
    skip += sent;
    while (!ranges.empty() && skip >= ranges.front().size()) {
      skip -= ranges.front().size();
      ranges = ranges.subspan(1);
    }
  }
  return io;
}

bool TlsConnection::quiet() {
  return SSL_has_pending(ssl_.get()) == 0 && Connection::quiet();
}

}  // namespace gateway::upstream

#include "gateway/tls/stream.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <sys/socket.h>
#include <utility>

#include <boost/asio/ssl/error.hpp>
#include <fmt/format.h>
#include <openssl/err.h>

namespace gateway::tls {
namespace {

// A record's most: larger writes would be cut there anyway.
constexpr std::size_t kRecord = 16 * 1024;

}  // namespace

std::string failure_in_words() {
  const unsigned long code = ERR_peek_last_error();
  const char* reason = code == 0 ? nullptr : ERR_reason_error_string(code);
  std::string text = reason != nullptr ? reason : fmt::format("error {:#x}", code);
  ERR_clear_error();
  return text;
}

struct Stream::Bio {
  static Stream& stream(BIO* bio) { return *static_cast<Stream*>(BIO_get_data(bio)); }

  static int read(BIO* bio, char* into, int size) {
    Stream& self = stream(bio);
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
    Stream& self = stream(bio);
    BIO_clear_retry_flags(bio);
    const ssize_t sent =
        ::send(self.socket_.native_handle(), bytes, static_cast<std::size_t>(size), MSG_NOSIGNAL);
    if (sent < 0 && would_block()) BIO_set_retry_write(bio);
    if (sent < 0) self.note_error();
    return static_cast<int>(sent);
  }

  static long control(BIO* bio, int command, long, void*) {
    if (command == BIO_CTRL_EOF) return stream(bio).socket_error_ == net::error::eof ? 1 : 0;
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

void Stream::note_error() {
  if (!Bio::would_block()) socket_error_.assign(errno, boost::system::system_category());
}

Stream::Stream(SslPtr ssl, TcpSocket& socket, bool& drained)
    : socket_(socket), drained_(drained), ssl_(std::move(ssl)) {
  BIO* bio = BIO_new(Bio::method());
  BIO_set_data(bio, this);
  BIO_set_init(bio, 1);
  SSL_set_bio(ssl_.get(), bio, bio);  // which owns it now
}

// OpenSSL takes a session for broken whose connection was freed without a goodbye; ours
// ends with the socket, and the session stays good.
Stream::~Stream() {
  SSL_set_shutdown(ssl_.get(), SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
}

// What `result` of an SSL call means: would_block with the direction to wait for, the
// peer's close, or an error.
error_code Stream::failure(int result, TcpSocket::wait_type& waits_for) {
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

error_code Stream::handshake_now(TcpSocket::wait_type& waits_for) {
  ERR_clear_error();
  const int result = SSL_do_handshake(ssl_.get());
  if (result == 1) return {};
  return failure(result, waits_for);
}

std::string Stream::why_not(const error_code& error) const {
  const long verdict = SSL_get_verify_result(ssl_.get());
  std::string what = verdict != X509_V_OK ? X509_verify_cert_error_string(verdict)
                     : socket_error_      ? error.message()
                                          : failure_in_words();
  ERR_clear_error();
  return what;
}

// A record that waits in OpenSSL's buffer wakes nobody: hence until the socket is empty.
Io Stream::read_now(net::mutable_buffer into, TcpSocket::wait_type& waits_for) {
  Io io;
  while (io.bytes < into.size()) {
    ERR_clear_error();
    std::size_t got = 0;
    const int result = SSL_read_ex(ssl_.get(), static_cast<char*>(into.data()) + io.bytes,
                                   into.size() - io.bytes, &got);
    if (result != 1) {
      io.error = failure(result, waits_for);
      break;
    }
    io.bytes += got;
  }
  // What was read counts first; an end or error shows itself again.
  if (io.bytes > 0) io.error = {};
  return io;
}

Io Stream::write_now(std::span<const net::const_buffer> ranges, TcpSocket::wait_type& waits_for) {
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
      io.error = failure(result, waits_for);
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

error_code Stream::look() {
  ERR_clear_error();
  char byte = 0;
  std::size_t got = 0;
  const int result = SSL_peek_ex(ssl_.get(), &byte, 1, &got);
  if (result == 1) return {};
  TcpSocket::wait_type ignored = TcpSocket::wait_read;
  return failure(result, ignored);
}

void Stream::say_goodbye() {
  if (!SSL_is_init_finished(ssl_.get()) || socket_error_) return;
  ERR_clear_error();
  (void)SSL_shutdown(ssl_.get());
  ERR_clear_error();
}

}  // namespace gateway::tls

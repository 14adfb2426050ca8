#include "gateway/http/transport.h"

#include <cerrno>
#include <sys/socket.h>
#include <utility>

#include <boost/asio/buffer.hpp>

namespace gateway::http {

namespace {

// The first byte of a TLS connection: a record of the handshake.
constexpr char kTlsHandshake = 0x16;

// Looks at the next byte without taking it: its number of bytes, 0 at the end.
ssize_t peek(TcpSocket& socket, char& byte) {
  return ::recv(socket.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT | MSG_NOSIGNAL);
}

bool not_yet() {
  return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
}

}  // namespace

Awaitable<Transport::Greeting> Transport::greeting() {
  for (;;) {
    const auto [failed] = co_await socket_.async_wait(TcpSocket::wait_read, kAsTuple);
    if (failed) co_return Greeting::nothing;
    char first = 0;
    const ssize_t got = peek(socket_, first);
    if (got < 0 && not_yet()) continue;
    if (got <= 0) co_return Greeting::nothing;
    const bool a_method = (first >= 'A' && first <= 'Z') || (first >= 'a' && first <= 'z');
    // Anything else is OpenSSL's to refuse.
    co_return (first != kTlsHandshake) && a_method ? Greeting::plain_http : Greeting::tls;
  }
}

Awaitable<error_code> Transport::shake_hands(const tls::Server& server, HandshakeTurns& turns) {
  auto ssl = server.accept();
  if (!ssl) co_return net::error::no_memory;
  tls_ = std::make_unique<tls::Stream>(std::move(ssl), socket_, drained_);
  for (;;) {
    co_await turns.mine();
    if (!socket_.is_open()) co_return net::error::operation_aborted;
    TcpSocket::wait_type waits_for = TcpSocket::wait_read;
    const error_code error = tls_->handshake_now(waits_for);
    if (error != net::error::would_block) co_return error;
    drained_ = false;
    const auto [failed] = co_await socket_.async_wait(waits_for, kAsTuple);
    if (failed) co_return failed;
  }
}

Awaitable<std::size_t> Transport::read_plain(char* at, std::size_t room) {
  const auto [error, size] = co_await socket_.async_read_some(net::buffer(at, room), kAsTuple);
  co_return error ? 0 : size;
}

Awaitable<std::size_t> Transport::read_tls(char* at, std::size_t room) {
  for (;;) {
    if (!socket_.is_open()) co_return 0;
    TcpSocket::wait_type waits_for = TcpSocket::wait_read;
    const Io io = tls_->read_now(net::buffer(at, room), waits_for);
    if (io.bytes > 0) co_return io.bytes;
    if (io.error != net::error::would_block) co_return 0;
    const auto [failed] = co_await socket_.async_wait(waits_for, kAsTuple);
    if (failed) co_return 0;
    drained_ = false;
  }
}

Awaitable<error_code> Transport::write_tls(GatherWrite& what) {
  std::span<net::const_buffer> left = what.ranges();
  while (!left.empty()) {
    if (!socket_.is_open()) co_return net::error::operation_aborted;
    TcpSocket::wait_type waits_for = TcpSocket::wait_write;
    const Io io = tls_->write_now(left, waits_for);
    left = behind(left, io.bytes);
    if (!io.error) continue;
    if (io.error != net::error::would_block) co_return io.error;
    if (waits_for == TcpSocket::wait_read) drained_ = false;
    const auto [failed] = co_await socket_.async_wait(waits_for, kAsTuple);
    if (failed) co_return failed;
  }
  co_return error_code{};
}

Transport::Client Transport::look() {
  if (!socket_.is_open()) return Client::gone;
  if (tls_) {
    drained_ = false;
    const error_code seen = tls_->look();
    if (!seen) return Client::sending;
    return seen == net::error::would_block ? Client::quiet : Client::gone;
  }
  char byte = 0;
  const ssize_t got = peek(socket_, byte);
  if (got > 0) return Client::sending;
  return got < 0 && not_yet() ? Client::quiet : Client::gone;
}

void Transport::say_goodbye() {
  if (tls_ && socket_.is_open()) tls_->say_goodbye();
}

bool Transport::finish() {
  if (!socket_.is_open()) return false;
  say_goodbye();
  error_code error;
  socket_.shutdown(TcpSocket::shutdown_send, error);
  return !error;
}

}  // namespace gateway::http

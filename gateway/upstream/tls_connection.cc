#include "gateway/upstream/tls_connection.h"

#include <utility>

#include "gateway/upstream/errors.h"

namespace gateway::upstream {
namespace {

SslPtr with_slot(SslPtr ssl, TlsSessionSlot& slot) {
  Tls::keep_sessions(ssl.get(), slot);
  return ssl;
}

}  // namespace

TlsConnection::TlsConnection(TcpSocket socket, SslPtr ssl, TlsSessionSlot& slot)
    : Connection(std::move(socket)), stream_(with_slot(std::move(ssl), slot), socket_, drained_) {}

Awaitable<config::Result<void>> TlsConnection::handshake() {
  for (;;) {
    TcpSocket::wait_type waits_for = TcpSocket::wait_read;
    const error_code error = stream_.handshake_now(waits_for);
    if (!error) co_return config::Result<void>();
    if (error != net::error::would_block) {
      co_return unavailable("TLS handshake: " + stream_.why_not(error));
    }
    if (waits_for == TcpSocket::wait_read) drained_ = false;
    const auto [closed] = co_await wait(waits_for);
    if (closed) co_return unavailable("TLS handshake: " + closed.message());
  }
}

Io TlsConnection::read_now(net::mutable_buffer into) {
  return stream_.read_now(into, waits_for_on_read_);
}

Io TlsConnection::write_now(std::span<const net::const_buffer> ranges) {
  return stream_.write_now(ranges, waits_for_on_write_);
}

bool TlsConnection::quiet() {
  return !stream_.has_unread() && Connection::quiet();
}

}  // namespace gateway::upstream

#include "gateway/upstream/connection.h"

#include <cerrno>
#include <sys/socket.h>

namespace gateway::upstream {

bool Connection::quiet() {
  char byte = 0;
  const ssize_t got = ::recv(socket_.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  return got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
}

void Connection::wake() {
  error_code ignored;
  socket_.cancel(ignored);
}

void Connection::close() {
  error_code ignored;
  socket_.close(ignored);
}

Io TcpConnection::read_now(net::mutable_buffer into) {
  Io io;
  if (drained_) {
    io.error = net::error::would_block;
    return io;
  }
  io.bytes = socket_.read_some(into, io.error);
  drained_ = io.bytes < into.size();
  return io;
}

Io TcpConnection::write_now(std::span<const net::const_buffer> ranges) {
  Io io;
  io.bytes = socket_.write_some(ranges, io.error);
  return io;
}

}  // namespace gateway::upstream

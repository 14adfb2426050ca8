#pragma once
// One HTTP/1.1 connection to one upstream, TCP or TLS. Reading and writing never
// wait: they take what is there and say would_block; waiting is a separate step that
// holds no buffer, so that thousands of quiet streams cost no read buffers. Belongs to
// one Exchange or to the pool; its worker's thread only.
//
// close() may be called at any time on that thread: a wait under way completes with
// operation_aborted. Whoever waits must outlive the wait's completion, which a
// coroutine that owns the connection does by itself.

#include <cstddef>
#include <span>
#include <tuple>
#include <utility>

#include "gateway/async.h"
#include "gateway/io.h"

namespace gateway::upstream {

class Connection {
 public:
  explicit Connection(TcpSocket socket) : socket_(std::move(socket)) {}
  virtual ~Connection() = default;
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  virtual Io read_now(net::mutable_buffer into) = 0;
  virtual Io write_now(std::span<const net::const_buffer> ranges) = 0;

  // Open and with nothing to read: what an idle connection must be before it is used
  // again. Costs one system call.
  virtual bool quiet();

  // Completes when read_now() / write_now() may move something, or with an error.
  Awaitable<std::tuple<error_code>> readable() {
    drained_ = false;
    return wait(waits_for_on_read_);
  }
  Awaitable<std::tuple<error_code>> writable() { return wait(waits_for_on_write_); }

  // Nothing can have come yet: the next read_now() does not ask the system in vain.
  void assume_drained() { drained_ = true; }

  // Ends a wait under way with operation_aborted; the connection goes on.
  void wake();

  void close();

 protected:
  Awaitable<std::tuple<error_code>> wait(TcpSocket::wait_type what) {
    return socket_.async_wait(what, kAsTuple);
  }

  TcpSocket socket_;
  bool drained_ = false;  // the last read took all there was; until readable()
  // TLS may have to write before it can read, and the other way round.
  TcpSocket::wait_type waits_for_on_read_ = TcpSocket::wait_read;
  TcpSocket::wait_type waits_for_on_write_ = TcpSocket::wait_write;
};

class TcpConnection final : public Connection {
 public:
  using Connection::Connection;
  Io read_now(net::mutable_buffer into) override;
  Io write_now(std::span<const net::const_buffer> ranges) override;
  // The connection ends here; its socket goes on.
  TcpSocket release() { return std::move(socket_); }
};

}  // namespace gateway::upstream

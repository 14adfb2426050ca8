#pragma once
// A client's connection as bytes: TCP, or TLS in it once shake_hands() has been. The one
// place that knows which; plain connections pay a branch for it. Belongs to its Connection;
// one read and one write at a time.

#include <cstddef>
#include <memory>

#include "gateway/async.h"
#include "gateway/http/gather_write.h"
#include "gateway/http/handshakes.h"
#include "gateway/tls/server.h"
#include "gateway/tls/stream.h"

namespace gateway::http {

class Transport {
 public:
  explicit Transport(TcpSocket socket) : socket_(std::move(socket)) {}
  Transport(const Transport&) = delete;
  Transport& operator=(const Transport&) = delete;

  // For options, waiting, cancelling and closing; its bytes are not the client's over TLS.
  TcpSocket& socket() { return socket_; }

  // What a client on a TLS port begins with.
  enum class Greeting : unsigned char { tls, plain_http, nothing };
  Awaitable<Greeting> greeting();

  // No error: from now on everything is inside TLS.
  Awaitable<error_code> shake_hands(const tls::Server& server, HandshakeTurns& turns);

  // 0: the client ended the connection, or an error or a cancel() of the socket did.
  Awaitable<std::size_t> read_some(char* at, std::size_t room) {
    return tls_ ? read_tls(at, room) : read_plain(at, room);
  }
  Awaitable<error_code> write(GatherWrite& what) {
    return tls_ ? write_tls(what) : what.write_to(socket_);
  }

  // Whether the client is still there, asked when the socket has something to be read.
  enum class Client : unsigned char { quiet, sending, gone };
  Client look();

  // Tells a client behind TLS that nothing is missing: before the socket is closed in order.
  void say_goodbye();
  // The same, and no more is sent. What the client sends can still be read; true: it is told.
  bool finish();

 private:
  Awaitable<std::size_t> read_plain(char* at, std::size_t room);
  Awaitable<std::size_t> read_tls(char* at, std::size_t room);
  Awaitable<error_code> write_tls(GatherWrite& what);

  TcpSocket socket_;
  bool drained_ = false;
  std::unique_ptr<tls::Stream> tls_;  // nullptr: plain
};

}  // namespace gateway::http

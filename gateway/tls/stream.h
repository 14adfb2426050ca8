#pragma once
// TLS over a non-blocking socket, towards clients and upstreams alike. It never waits: it
// moves what can be moved and says would_block and for what to wait. OpenSSL reaches the
// socket through a BIO of ours that never raises SIGPIPE and remembers when the socket is
// empty; its record buffers are released whenever they are empty, so a quiet connection
// keeps none. Belongs to one connection; its worker's thread only.

#include <span>
#include <string>

#include "gateway/async.h"
#include "gateway/io.h"
#include "gateway/tls/openssl.h"

namespace gateway::tls {

class Stream {
 public:
  // `ssl` knows whether it connects or accepts. The socket outlives the stream, and so does
  // `drained`, which says that the last read took all there was: who waits for more clears it.
  Stream(SslPtr ssl, TcpSocket& socket, bool& drained);
  ~Stream();
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  // One step; no error: shaken. TLS may have to write before it can read, and the other way
  // round: at would_block `waits_for` says which.
  error_code handshake_now(TcpSocket::wait_type& waits_for);
  // Why handshake_now() failed.
  std::string why_not(const error_code& error) const;

  // Reads until the socket is empty or `into` is full.
  Io read_now(net::mutable_buffer into, TcpSocket::wait_type& waits_for);
  Io write_now(std::span<const net::const_buffer> ranges, TcpSocket::wait_type& waits_for);

  // Decrypted bytes are there, or records that nothing else wakes anybody for.
  bool has_unread() const { return SSL_has_pending(ssl_.get()) != 0; }
  // Takes in what has come without taking it away. No error: bytes are there to be read;
  // would_block: none; eof: the peer has said that it sends no more.
  error_code look();

  // Tells the peer that nothing is missing behind what was sent; not waited for.
  void say_goodbye();

 private:
  struct Bio;

  error_code failure(int result, TcpSocket::wait_type& waits_for);
  void note_error();

  TcpSocket& socket_;
  bool& drained_;
  SslPtr ssl_;
  error_code socket_error_;  // what ended the socket, as the BIO saw it
};

}  // namespace gateway::tls

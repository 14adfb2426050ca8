#pragma once
// A Connection inside TLS. OpenSSL reads and writes the socket through a BIO of ours
// that never raises SIGPIPE and remembers when the socket is empty; its record buffers
// are released whenever they are empty, so a quiet connection keeps none.

#include <cstddef>
#include <memory>
#include <span>

#include "config/base/error.h"
#include "gateway/upstream/connection.h"
#include "gateway/upstream/tls.h"

namespace gateway::upstream {

class TlsConnection final : public Connection {
 public:
  // `slot` outlives the connection.
  TlsConnection(TcpSocket socket, SslPtr ssl, TlsSessionSlot& slot);
  ~TlsConnection() override;

  // Before anything else. Fails with upstream_unavailable and, in `detail`, what was
  // wrong with the certificate; nothing of a request has been sent then.
  Awaitable<config::Result<void>> handshake();

  Io read_now(net::mutable_buffer into) override;
  Io write_now(std::span<const net::const_buffer> ranges) override;
  bool quiet() override;

 private:
  struct Bio;

  error_code failure(int result, TcpSocket::wait_type& waits_for);
  void note_error();

  SslPtr ssl_;
  error_code socket_error_;  // what ended the socket, as the BIO saw it
};

}  // namespace gateway::upstream

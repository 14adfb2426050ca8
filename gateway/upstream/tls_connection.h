#pragma once
// A Connection inside TLS (tls::Stream).

#include <span>

#include "config/base/error.h"
#include "gateway/tls/stream.h"
#include "gateway/upstream/connection.h"
#include "gateway/upstream/tls.h"

namespace gateway::upstream {

class TlsConnection final : public Connection {
 public:
  // `slot` outlives the connection.
  TlsConnection(TcpSocket socket, SslPtr ssl, TlsSessionSlot& slot);

  // Before anything else. Fails with upstream_unavailable and, in `detail`, what was
  // wrong with the certificate; nothing of a request has been sent then.
  Awaitable<config::Result<void>> handshake();

  Io read_now(net::mutable_buffer into) override;
  Io write_now(std::span<const net::const_buffer> ranges) override;
  bool quiet() override;

 private:
  tls::Stream stream_;
};

}  // namespace gateway::upstream

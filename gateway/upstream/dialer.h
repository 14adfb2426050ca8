#pragma once
// Opens one fresh connection to an origin, perhaps through a proxy: name lookup, connect and
// the proxy's answer within Timeouts::connect, the TLS handshake within Timeouts::tls. Lives in the
// coroutine that dials; abort() may be called meanwhile on the same thread and makes dial() return
// soon.

#include <cstdint>
#include <memory>
#include <string_view>

#include "config/base/error.h"
#include "config/config.h"
#include "gateway/async.h"
#include "gateway/deadlines.h"
#include "gateway/upstream/connection.h"
#include "gateway/upstream/origin.h"
#include "gateway/upstream/phase_times.h"
#include "gateway/upstream/resolver.h"
#include "gateway/upstream/signal.h"

namespace gateway::upstream {

class Pools;

class Dialer {
 public:
  // All outlive the dialer. `proxy` may be none; `times` is told of each phase.
  Dialer(Pools& pools, const OriginView& origin, const config::Proxy& proxy,
         const config::Timeouts& timeouts, PhaseTimes& times);
  Dialer(const Dialer&) = delete;
  Dialer& operator=(const Dialer&) = delete;

  Awaitable<config::Result<std::unique_ptr<Connection>>> dial();

  void abort();

 private:
  void expire();
  void enter(Phase phase);
  // The upstream, or the proxy before it.
  Awaitable<config::Result<TcpSocket>> reach(std::string_view host, std::uint16_t port);
  Awaitable<config::Result<TcpSocket>> connect(const Addresses& addresses, std::uint16_t port);
  Awaitable<config::Result<TcpSocket>> tunnel(TcpSocket proxy_socket);
  Awaitable<config::Result<std::unique_ptr<Connection>>> secure(TcpSocket socket);

  Pools& pools_;
  const OriginView origin_;
  const config::Proxy& proxy_;
  const config::Timeouts& timeouts_;
  PhaseTimes& times_;

  Connection* handshaking_ = nullptr;  // with the proxy, or for TLS
  Signal wake_;                        // what name lookup and connect wait for
  Deadline deadline_;                  // of the phase under way
  bool aborted_ = false;
  bool expired_ = false;
};

}  // namespace gateway::upstream

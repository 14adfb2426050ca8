#include "gateway/upstream/dialer.h"

#include <utility>

#include <fmt/format.h>

#include "gateway/upstream/errors.h"
#include "gateway/upstream/pool.h"
#include "gateway/upstream/race.h"
#include "gateway/upstream/tls_connection.h"
#include "gateway/upstream/tunnel.h"

namespace gateway::upstream {

Dialer::Dialer(Pools& pools, const OriginView& origin, const config::Proxy& proxy,
               const config::Timeouts& timeouts, PhaseTimes& times)
    : pools_(pools),
      origin_(origin),
      proxy_(proxy),
      timeouts_(timeouts),
      times_(times),
      wake_(pools.executor()),
      deadline_(
          pools.deadlines(), [](void* dialer) { static_cast<Dialer*>(dialer)->expire(); }, this) {}

void Dialer::abort() {
  aborted_ = true;
  wake_.announce();
  if (handshaking_ != nullptr) handshaking_->close();
}

void Dialer::expire() {
  expired_ = true;
  abort();
}

void Dialer::enter(Phase phase) {
  times_.enter(phase, pools_.clock().now());
}

Awaitable<config::Result<std::unique_ptr<Connection>>> Dialer::dial() {
  deadline_.set(timeouts_.connect);
  auto socket = proxy_.on() ? co_await reach(proxy_.host, proxy_.port)
                            : co_await reach(origin_.host, origin_.port);
  if (socket && proxy_.on()) socket = co_await tunnel(*std::move(socket));
  if (!socket) co_return std::move(socket).error();
  deadline_.clear();
  if (origin_.tls) co_return co_await secure(*std::move(socket));

  std::unique_ptr<Connection> plain = std::make_unique<TcpConnection>(*std::move(socket));
  co_return std::move(plain);
}

Awaitable<config::Result<TcpSocket>> Dialer::reach(std::string_view host, std::uint16_t port) {
  const std::string_view whom = proxy_.on() ? "proxy " : "";
  enter(Phase::lookup);
  auto addresses = co_await pools_.resolver().resolve(host, wake_);
  if (expired_) co_return timed_out(fmt::format("name lookup of {}{}", whom, host));
  if (aborted_) co_return unavailable("cancelled");
  if (!addresses) co_return std::move(addresses).error();

  enter(Phase::connect);
  auto socket = co_await connect(*addresses, port);
  if (expired_) co_return timed_out(fmt::format("connect to {}{}", whom, host));
  if (aborted_) co_return unavailable("cancelled");
  if (socket || !proxy_.on()) co_return socket;
  config::Error error = std::move(socket).error();
  error.detail += fmt::format(" (proxy {})", proxy_.name);
  co_return error;
}

Awaitable<config::Result<TcpSocket>> Dialer::connect(const Addresses& addresses,
                                                     std::uint16_t port) {
  for (bool again = false;; again = true) {
    Race race(pools_.executor(), pools_.deadlines(), wake_);
    auto socket = co_await race.run(addresses, port);
    const bool without = !socket && socket.error().code == config::ErrorCode::overloaded;
    if (!without || again || pools_.idle() == 0) co_return socket;
    // Those that are kept for later are worth less than one that is needed now.
    pools_.clear();
  }
}

Awaitable<config::Result<TcpSocket>> Dialer::tunnel(TcpSocket proxy_socket) {
  TcpConnection connection(std::move(proxy_socket));
  handshaking_ = &connection;
  auto opened = co_await open_tunnel(connection, origin_, proxy_);
  handshaking_ = nullptr;
  if (expired_) co_return timed_out(fmt::format("CONNECT by proxy {}", proxy_.name));
  if (aborted_) co_return unavailable("cancelled");
  if (!opened) co_return std::move(opened).error();
  co_return connection.release();
}

Awaitable<config::Result<std::unique_ptr<Connection>>> Dialer::secure(TcpSocket socket) {
  auto ssl = pools_.tls().client(origin_);
  if (!ssl) co_return std::move(ssl).error();
  auto connection = std::make_unique<TlsConnection>(std::move(socket), *std::move(ssl),
                                                    pools_.tls().session_of(origin_));
  enter(Phase::tls);
  deadline_.set(timeouts_.tls);
  handshaking_ = connection.get();
  auto trusted = co_await connection->handshake();
  handshaking_ = nullptr;
  deadline_.clear();
  if (expired_) co_return timed_out(fmt::format("TLS handshake with {}", origin_.host));
  if (aborted_) co_return unavailable("cancelled");
  if (!trusted) {
    auto error = std::move(trusted).error();
    error.detail += fmt::format(" ({})", origin_.host);
    co_return error;
  }
  std::unique_ptr<Connection> secured = std::move(connection);
  co_return std::move(secured);
}

}  // namespace gateway::upstream

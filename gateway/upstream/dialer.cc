#include "gateway/upstream/dialer.h"

#include <utility>

#include <fmt/format.h>

#include "gateway/upstream/errors.h"
#include "gateway/upstream/pool.h"
#include "gateway/upstream/race.h"
#include "gateway/upstream/tls_connection.h"

namespace gateway::upstream {

Dialer::Dialer(Pools& pools, const OriginView& origin, const config::Timeouts& timeouts)
    : pools_(pools),
      origin_(origin),
      timeouts_(timeouts),
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

Awaitable<config::Result<std::unique_ptr<Connection>>> Dialer::dial() {
  deadline_.set(timeouts_.connect);
  auto addresses = co_await pools_.resolver().resolve(origin_.host, wake_);
  if (expired_) co_return timed_out(fmt::format("name lookup of {}", origin_.host));
  if (aborted_) co_return unavailable("cancelled");
  if (!addresses) co_return std::move(addresses).error();

  Race race(pools_.executor(), pools_.deadlines(), wake_);
  auto socket = co_await race.run(*addresses, origin_.port);
  if (expired_) co_return timed_out(fmt::format("connect to {}", origin_.host));
  if (aborted_) co_return unavailable("cancelled");
  if (!socket) co_return std::move(socket).error();
  deadline_.clear();
  if (origin_.tls) co_return co_await secure(*std::move(socket));

  std::unique_ptr<Connection> plain = std::make_unique<TcpConnection>(*std::move(socket));
  co_return std::move(plain);
}

Awaitable<config::Result<std::unique_ptr<Connection>>> Dialer::secure(TcpSocket socket) {
  auto ssl = pools_.tls().client(origin_);
  if (!ssl) co_return std::move(ssl).error();
  auto connection = std::make_unique<TlsConnection>(std::move(socket), *std::move(ssl),
                                                    pools_.tls().session_of(origin_));
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

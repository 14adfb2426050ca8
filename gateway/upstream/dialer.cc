#include "gateway/upstream/dialer.h"

#include <utility>

#include <fmt/format.h>

#include "gateway/upstream/errors.h"
#include "gateway/upstream/pool.h"
#include "gateway/upstream/race.h"

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
}

void Dialer::expire() {
  expired_ = true;
  abort();
}

Awaitable<config::Result<std::unique_ptr<Connection>>> Dialer::dial() {
  deadline_.set(timeouts_.connect);
  auto addresses = co_await pools_.resolver().resolve(origin_.host, wake_);
  if (expired_) co_return timed_out(fmt::format("name lookup of {}", origin_.host));
  if (!addresses) co_return std::move(addresses).error();
  if (aborted_) co_return unavailable("cancelled");

  Race race(pools_.executor(), pools_.deadlines(), wake_);
  auto socket = co_await race.run(*addresses, origin_.port);
  if (expired_) co_return timed_out(fmt::format("connect to {}", origin_.host));
  if (!socket) co_return std::move(socket).error();
  if (aborted_) co_return unavailable("cancelled");
  deadline_.clear();
  if (origin_.tls) co_return unavailable("no TLS in this build");

  std::unique_ptr<Connection> plain = std::make_unique<TcpConnection>(*std::move(socket));
  co_return std::move(plain);
}

}  // namespace gateway::upstream

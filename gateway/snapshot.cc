#include "gateway/snapshot.h"

#include <utility>

namespace gateway {

config::Result<std::shared_ptr<const Snapshot>> Snapshot::build(config::Config config) {
  std::shared_ptr<Snapshot> snapshot(new Snapshot(std::move(config)));
  auto routes = RoutingTable::build(snapshot->config_.models);
  if (!routes) return routes.error();
  snapshot->routes_ = *std::move(routes);
  snapshot->keys_ = KeyTable(snapshot->config_.keys);
  if (snapshot->config_.auth == config::Auth::none) {
    VirtualKey anyone;
    anyone.name = config::KeyName("anonymous");
    anyone.team = config::TeamName("anonymous");
    snapshot->anonymous_ = std::make_unique<const VirtualKey>(std::move(anyone));
  }
  return std::shared_ptr<const Snapshot>(std::move(snapshot));
}

std::shared_ptr<const Snapshot> pin(const std::shared_ptr<const Snapshot>& snapshot) {
  struct Pin {
    std::shared_ptr<const Snapshot> snapshot;
  };
  auto holder = std::make_shared<const Pin>(Pin{snapshot});
  const Snapshot* raw = holder->snapshot.get();
  return {std::move(holder), raw};
}

}  // namespace gateway

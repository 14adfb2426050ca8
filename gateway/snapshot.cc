#include "gateway/snapshot.h"

#include <stdexcept>
#include <utility>

namespace gateway {

config::Result<std::shared_ptr<const Snapshot>> Snapshot::build(config::Config config,
                                                                limits::Limiter* limiter) {
  std::shared_ptr<Snapshot> snapshot(new Snapshot(std::move(config), limiter));
  if (auto compiled = snapshot->compile(); !compiled) return std::move(compiled).error();
  snapshot->keys_ = KeyTable(snapshot->config_.keys, limiter);
  return std::shared_ptr<const Snapshot>(std::move(snapshot));
}

// Routes point into their own snapshot's configuration, so both are made anew.
std::shared_ptr<const Snapshot> Snapshot::with_keys(KeyTable keys) const {
  std::shared_ptr<Snapshot> snapshot(new Snapshot(config_, limiter_));
  if (auto compiled = snapshot->compile(); !compiled) {
    throw std::logic_error("a configuration that compiled does so no more");
  }
  snapshot->keys_ = std::move(keys);
  return snapshot;
}

config::Result<void> Snapshot::compile() {
  auto routes = RoutingTable::build(config_.models);
  if (!routes) return std::move(routes).error();
  routes_ = *std::move(routes);
  if (config_.auth == config::Auth::none) {
    VirtualKey anyone;
    anyone.name = config::KeyName("anonymous");
    anyone.team = config::TeamName("anonymous");
    if (limiter_ != nullptr) anyone.payers = limiter_->payers(anyone.name, anyone.team);
    anonymous_ = std::make_unique<const VirtualKey>(std::move(anyone));
  }
  return {};
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

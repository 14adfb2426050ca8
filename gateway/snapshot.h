#pragma once
// What the operator wrote, compiled for lookup. Immutable after build(); shared by
// all workers, each holding its own control block so that a request's reference
// costs no shared cache line. A request keeps the snapshot it began with.

#include <memory>
#include <span>
#include <string>

#include "config/config.h"
#include "gateway/routing_table.h"
#include "gateway/virtual_keys.h"

namespace gateway {

class Snapshot {
 public:
  // With the configuration's keys, which count in the accounts of `limiter`; it outlives the
  // snapshot; nullptr: in none.
  static config::Result<std::shared_ptr<const Snapshot>> build(config::Config config,
                                                               limits::Limiter* limiter = nullptr);
  // The same configuration with other keys.
  std::shared_ptr<const Snapshot> with_keys(KeyTable keys) const;

  const config::Config& config() const { return config_; }
  const RoutingTable& routes() const { return routes_; }
  const KeyTable& keys() const { return keys_; }
  // Who calls where the operator wrote `auth: none`; nullptr where keys are asked for.
  const VirtualKey* anonymous() const { return anonymous_.get(); }

 private:
  Snapshot(config::Config config, limits::Limiter* limiter)
      : config_(std::move(config)), limiter_(limiter) {}
  config::Result<void> compile();

  const config::Config config_;
  limits::Limiter* const limiter_;
  RoutingTable routes_;
  KeyTable keys_;
  std::unique_ptr<const VirtualKey> anonymous_;
};

// A reference to the same snapshot with a control block of its own.
std::shared_ptr<const Snapshot> pin(const std::shared_ptr<const Snapshot>& snapshot);

}  // namespace gateway

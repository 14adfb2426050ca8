#pragma once
// The configured targets, and the breakers that watch them. Any thread; what it returns is read
// while the snapshot lives.

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "config/config.h"
#include "gateway/snapshot.h"
#include "gateway/upstream/circuit_breakers.h"

namespace gateway {

struct WatchedTarget {
  const config::Target* target = nullptr;
  std::vector<std::string> routes;
  // By what is asked: one, or none yet; one per model that failed where the target is a pattern.
  std::vector<std::pair<std::string, upstream::CircuitBreaker*>> breakers;

  bool pattern() const { return target->model.find('*') != std::string::npos; }
};

// By name. A breaker belongs to the target that is called as what it watches, else to the one
// that asked first: what a pattern stands for may be configured by itself too.
std::map<std::string, WatchedTarget> watched_targets(const Snapshot& snapshot,
                                                     const upstream::CircuitBreakers& breakers);

}  // namespace gateway

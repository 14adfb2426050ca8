#include "gateway/watched_targets.h"

namespace gateway {

std::map<std::string, WatchedTarget> watched_targets(const Snapshot& snapshot,
                                                     const upstream::CircuitBreakers& breakers) {
  std::map<std::string, WatchedTarget> out;
  for (const Route& route : snapshot.routes().routes()) {
    for (const RouteTarget& target : route.targets) {
      WatchedTarget& watched = out[target.target.name.str()];
      watched.target = &target.target;
      watched.routes.push_back(route.model->name.str());
    }
  }
  breakers.for_each(
      [&](const std::string& name, const std::string& target, upstream::CircuitBreaker& breaker) {
        auto found = out.find(name);
        if (found == out.end()) found = out.find(target);
        if (found != out.end()) found->second.breakers.emplace_back(name, &breaker);
      });
  return out;
}

}  // namespace gateway

#include "gateway/upstream/pool.h"

#include <algorithm>
#include <iterator>
#include <string>
#include <utility>

namespace gateway::upstream {

Pools::Pools(net::io_context& io, Deadlines& deadlines, const config::Clock& clock,
             PoolLimits limits, Resolver::Lookup lookup)
    : executor_(io.get_executor()),
      deadlines_(deadlines),
      clock_(clock),
      limits_(limits),
      resolver_(executor_, deadlines, clock, std::move(lookup)),
      next_sweep_(deadlines, [](void* pools) { static_cast<Pools*>(pools)->sweep(); }, this) {}

Pools::~Pools() = default;

std::unique_ptr<Connection> Pools::take(const OriginView& origin) {
  const auto place = shelves_.find(origin);
  if (place == shelves_.end()) return nullptr;
  Shelf& shelf = place->second;
  while (!shelf.empty()) {
    Idle youngest = std::move(shelf.back());
    shelf.pop_back();
    if (clock_.now() - youngest.since >= limits_.idle_age) continue;
    if (youngest.connection->quiet()) return std::move(youngest.connection);
  }
  return nullptr;
}

void Pools::give_back(const OriginView& origin, std::unique_ptr<Connection> connection) {
  if (limits_.idle_per_origin == 0) return;
  auto place = shelves_.find(origin);
  if (place == shelves_.end()) {
    place = shelves_.emplace(owned(origin), Shelf{}).first;
  }
  Shelf& shelf = place->second;
  if (shelf.size() >= limits_.idle_per_origin) shelf.erase(shelf.begin());
  shelf.push_back({std::move(connection), clock_.now()});
  if (!next_sweep_.pending()) next_sweep_.set(limits_.idle_age);
}

void Pools::clear() {
  shelves_.clear();
  next_sweep_.clear();
}

std::size_t Pools::idle() const {
  std::size_t count = 0;
  for (const auto& [origin, shelf] : shelves_) count += shelf.size();
  return count;
}

void Pools::drop_old(Shelf& shelf, config::Clock::Steady now) const {
  const auto first_young = std::find_if(shelf.begin(), shelf.end(), [&](const Idle& idle) {
    return now - idle.since < limits_.idle_age;
  });
  shelf.erase(shelf.begin(), first_young);
}

void Pools::sweep() {
  const auto now = clock_.now();
  for (auto place = shelves_.begin(); place != shelves_.end();) {
    drop_old(place->second, now);
    place = place->second.empty() ? shelves_.erase(place) : std::next(place);
  }
  if (!shelves_.empty()) next_sweep_.set(limits_.idle_age);
}

}  // namespace gateway::upstream

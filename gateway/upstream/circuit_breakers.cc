#include "gateway/upstream/circuit_breakers.h"

namespace gateway::upstream {
namespace {

constexpr std::size_t kMost = 4'096;

}  // namespace

CircuitBreaker* CircuitBreakers::make(std::string_view name, std::string_view target) {
  const std::lock_guard lock(mutex_);
  if (const auto found = kept_.find(name); found != kept_.end()) return &found->second->breaker;
  if (kept_.size() >= kMost) return nullptr;
  auto kept = std::make_unique<Kept>();
  kept->target = target;
  CircuitBreaker* const breaker = &kept->breaker;
  kept_.emplace(name, std::move(kept));
  version_.fetch_add(1, std::memory_order_release);
  return breaker;
}

CircuitBreakers::Map CircuitBreakers::all() const {
  const std::lock_guard lock(mutex_);
  Map out;
  for (const auto& [name, kept] : kept_) out.emplace(name, &kept->breaker);
  return out;
}

void CircuitBreakers::for_each(const See& see) const {
  const std::lock_guard lock(mutex_);
  for (const auto& [name, kept] : kept_) see(name, kept->target, kept->breaker);
}

CircuitBreaker* BreakerView::find(std::string_view name) {
  if (const std::uint64_t version = shared_.version(); version != seen_) {
    known_ = shared_.all();
    seen_ = version;
  }
  const auto found = known_.find(name);
  return found == known_.end() ? nullptr : found->second;
}

}  // namespace gateway::upstream

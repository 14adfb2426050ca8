#include "gateway/upstream/latencies.h"

namespace gateway::upstream {

TargetLatency& Latencies::make(std::string_view target) {
  const std::lock_guard lock(mutex_);
  auto found = kept_.find(target);
  if (found == kept_.end()) {
    found = kept_.emplace(target, std::make_unique<TargetLatency>()).first;
    version_.fetch_add(1, std::memory_order_release);
  }
  return *found->second;
}

Latencies::Map Latencies::all() const {
  const std::lock_guard lock(mutex_);
  Map out;
  for (const auto& [name, kept] : kept_) out.emplace(name, kept.get());
  return out;
}

TargetLatency* LatencyView::find(std::string_view target) {
  if (const std::uint64_t version = shared_.version(); version != seen_) {
    known_ = shared_.all();
    seen_ = version;
  }
  const auto found = known_.find(target);
  return found == known_.end() ? nullptr : found->second;
}

TargetLatency& LatencyView::find_or_make(std::string_view target) {
  TargetLatency* const known = find(target);
  return known != nullptr ? *known : shared_.make(target);
}

}  // namespace gateway::upstream

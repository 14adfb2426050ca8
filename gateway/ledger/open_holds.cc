#include "gateway/ledger/open_holds.h"

#include <algorithm>
#include <tuple>

namespace gateway {

void OpenHolds::held(Hold hold, const SegmentName& where) {
  Attempt attempt(hold.request.str(), hold.attempt);
  open_.insert_or_assign(std::move(attempt), Entry{std::move(hold), where, std::nullopt});
}

void OpenHolds::extended(const Extend& extend, const SegmentName& where) {
  const auto found = open_.find({extend.request.str(), extend.attempt});
  if (found == open_.end()) return;
  found->second.hold.reserved = extend.reserved;
  found->second.extended_in = where;
}

bool OpenHolds::settled(const UsageRecord& record) {
  return open_.erase({record.request.str(), record.attempt}) > 0;
}

std::vector<Hold> OpenHolds::by_start() const {
  std::vector<Hold> holds;
  holds.reserve(open_.size());
  for (const auto& [attempt, entry] : open_) holds.push_back(entry.hold);
  std::sort(holds.begin(), holds.end(), [](const Hold& a, const Hold& b) {
    return std::tie(a.started, a.request, a.attempt) < std::tie(b.started, b.request, b.attempt);
  });
  return holds;
}

}  // namespace gateway

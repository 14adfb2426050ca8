#include "gateway/ledger/time_cover.h"

#include <algorithm>

namespace gateway {
namespace {

// No record is from before the year -290000 or after 290000; within, nothing overflows.
constexpr std::int64_t kFarthest = 9'000'000'000'000'000'000;

std::int64_t floor_to(std::int64_t value, std::int64_t step) {
  const std::int64_t rest = value % step;
  return value - (rest < 0 ? rest + step : rest);
}

std::int64_t ceil_to(std::int64_t value, std::int64_t step) {
  return -floor_to(-value, step);
}

// Slots of kSpans[level] from `begin` to `end`, both on its borders; the longer ones of the
// next level where they fit.
void fill(std::vector<Slots>& out, std::size_t level, std::int64_t begin, std::int64_t end) {
  if (begin >= end) return;
  if (level + 1 < kSpans.size()) {
    const std::int64_t inner_begin = ceil_to(begin, kSpans[level + 1]);
    const std::int64_t inner_end = floor_to(end, kSpans[level + 1]);
    if (inner_begin < inner_end) {
      if (begin < inner_begin) out.push_back({kSpans[level], begin, inner_begin});
      fill(out, level + 1, inner_begin, inner_end);
      if (inner_end < end) out.push_back({kSpans[level], inner_end, end});
      return;
    }
  }
  out.push_back({kSpans[level], begin, end});
}

}  // namespace

std::int64_t slot_of(std::int64_t micros, std::int64_t span) {
  return floor_to(micros, span * kMicrosPerSecond) / kMicrosPerSecond;
}

TimeCover cover(std::int64_t begin, std::int64_t end, std::int64_t whole_until) {
  constexpr std::int64_t kSlot = kQuarter * kMicrosPerSecond;
  begin = std::clamp(begin, -kFarthest, kFarthest);
  end = std::clamp(end, -kFarthest, kFarthest);
  if (begin < whole_until) begin = floor_to(begin, kSlot);
  if (end < whole_until) end = floor_to(end, kSlot);
  TimeCover out;
  if (begin >= end) return out;
  const std::int64_t first = ceil_to(begin, kSlot);
  const std::int64_t last = floor_to(end, kSlot);
  if (first > last) {
    out.rest.push_back({begin, end});
    return out;
  }
  if (begin < first) out.rest.push_back({begin, first});
  if (last < end) out.rest.push_back({last, end});
  fill(out.slots, 0, first / kMicrosPerSecond, last / kMicrosPerSecond);
  return out;
}

}  // namespace gateway

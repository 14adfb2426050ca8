#include "gateway/chat/choice_fastest.h"

#include <algorithm>
#include <chrono>
#include <limits>
#include <utility>

#include <boost/container/small_vector.hpp>

namespace gateway::chat {
namespace {

using Seen = upstream::PeakLatency::Seen;

// What was measured longer ago may be so no more: one request in kOneIn tries it again, so that a
// quiet gateway does not run to a slow target all the time.
constexpr std::chrono::seconds kStale{30};
constexpr int kOneIn = 20;

constexpr double kFirst = -1;
constexpr std::size_t kUsual = 8;  // targets of a route

struct Standing {
  const RouteTarget* target;
  double before;
  bool stale;  // and nobody is finding out
};

bool less_before(const Standing& a, const Standing& b) {
  // Equal ones in the operator's order, which is that of their places.
  return a.before != b.before ? a.before < b.before : std::less<>()(a.target, b.target);
}

}  // namespace

double standing(const Seen& seen) {
  if (!seen.latency) return seen.in_flight == 0 ? kFirst : std::numeric_limits<double>::max();
  return static_cast<double>(seen.latency->count()) * (seen.in_flight + 1);
}

void fastest_first(Targets& targets, bool streamed, upstream::LatencyView& latencies,
                   config::Clock::Steady now, std::mt19937_64* random) {
  boost::container::small_vector<Standing, kUsual> all;
  bool any_stale = false;
  for (const RouteTarget* target : targets) {
    const Seen seen =
        latencies.find_or_make(target->target.name.view()).of(streamed).peak.seen(now);
    const bool stale = seen.latency && seen.age >= kStale && seen.in_flight == 0;
    any_stale |= stale;
    all.push_back({target, standing(seen), stale});
  }
  if (any_stale && random != nullptr &&
      std::uniform_int_distribution<int>(0, kOneIn - 1)(*random) == 0) {
    for (Standing& one : all) one.before = one.stale ? kFirst : one.before;
  }
  std::sort(all.begin(), all.end(), less_before);
  for (std::size_t i = 0; i < all.size(); ++i) targets[i] = all[i].target;
  if (random == nullptr || targets.size() < 3) return;

  const std::size_t last = targets.size() - 1;
  const auto one = std::uniform_int_distribution<std::size_t>(0, last)(*random);
  auto other = std::uniform_int_distribution<std::size_t>(0, last - 1)(*random);
  if (other >= one) ++other;
  const auto better = targets.begin() + static_cast<std::ptrdiff_t>(std::min(one, other));
  std::rotate(targets.begin(), better, better + 1);
}

}  // namespace gateway::chat

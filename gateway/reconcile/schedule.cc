#include "gateway/reconcile/schedule.h"

#include <algorithm>

namespace gateway::reconcile {

std::vector<Span> Schedule::due(const Moment& now, const config::Reconcile& pace) const {
  using std::chrono::nanoseconds;
  const nanoseconds within = pace.within;
  const auto age = [&](nanoseconds old) {
    return now.wall - std::chrono::duration_cast<config::Clock::Wall::duration>(old);
  };
  if (!last_) return {{age(within), age(std::min(kTooYoung, pace.every))}};

  const nanoseconds width =
      std::max<nanoseconds>(now.steady - last_->steady, now.wall - last_->wall);
  std::vector<Span> spans;  // the youngest first
  for (nanoseconds edge = pace.every; edge.count() > 0 && edge < within; edge *= 2) {
    const Span span{age(std::min(edge + width, within)), age(edge)};
    if (!spans.empty() && spans.back().since <= span.until) {
      spans.back().since = std::min(spans.back().since, span.since);
    } else {
      spans.push_back(span);
    }
  }
  std::reverse(spans.begin(), spans.end());
  return spans;
}

}  // namespace gateway::reconcile

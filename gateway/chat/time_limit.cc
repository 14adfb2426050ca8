#include "gateway/chat/time_limit.h"

#include <algorithm>
#include <chrono>

#include "gateway/upstream/errors.h"

namespace gateway::chat {

using std::chrono::milliseconds;

TimeLimit::TimeLimit(Deadlines& deadlines, upstream::Exchange& exchange,
                     const config::Target& target, config::Clock::Steady now,
                     config::Clock::Steady deadline)
    : exchange_(exchange),
      of_attempt_(target.timeouts.attempt > milliseconds(0) &&
                  now + target.timeouts.attempt < deadline),
      alarm_(deadlines, [](void* limit) { static_cast<TimeLimit*>(limit)->expire(); }, this) {
  const auto left = std::chrono::ceil<milliseconds>(deadline - now);
  alarm_.set(of_attempt_ ? target.timeouts.attempt : std::max(left, milliseconds(0)));
}

void TimeLimit::expire() {
  passed_ = true;
  exchange_.cancel();
}

config::Error TimeLimit::error() const {
  return upstream::timed_out(of_attempt_ ? "the attempt's time is over"
                                         : "the request's deadline has passed");
}

}  // namespace gateway::chat

#include "gateway/chat/time_limit.h"

#include <algorithm>
#include <chrono>
#include <string>

#include <fmt/format.h>

#include "gateway/limits/duration_text.h"
#include "gateway/upstream/errors.h"

namespace gateway::chat {

using std::chrono::milliseconds;

TimeLimit::TimeLimit(Deadlines& deadlines, upstream::Exchange& exchange,
                     const config::Target& target, config::Clock::Steady now,
                     config::Clock::Steady deadline, milliseconds allowed)
    : exchange_(exchange),
      of_attempt_(target.timeouts.attempt > milliseconds(0) &&
                  now + target.timeouts.attempt < deadline),
      allowed_(of_attempt_ ? target.timeouts.attempt : allowed),
      alarm_(deadlines, [](void* limit) { static_cast<TimeLimit*>(limit)->expire(); }, this) {
  const auto left = std::chrono::ceil<milliseconds>(deadline - now);
  alarm_.set(of_attempt_ ? target.timeouts.attempt : std::max(left, milliseconds(0)));
}

void TimeLimit::expire() {
  passed_ = true;
  exchange_.cancel();
}

config::Error TimeLimit::error() const {
  const std::string time = limits::duration_text(allowed_);
  if (of_attempt_) return upstream::timed_out(fmt::format("the attempt took {}", time));
  config::Error error =
      upstream::timed_out(fmt::format("the request's deadline of {} has passed", time));
  error.message =
      fmt::format("The answer was not there when the request's time, {}, was over.", time);
  return error;
}

}  // namespace gateway::chat

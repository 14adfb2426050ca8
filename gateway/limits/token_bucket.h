#pragma once
// A rate: so many per minute, all of them at once if they were saved up. Counts exactly, in
// whole numbers: however often it is asked, nothing is lost or won. A value, by the steady
// clock; a moment before one that was seen already counts as that one.

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <limits>
#include <optional>

#include "config/base/clock.h"

namespace gateway::limits {

class TokenBucket {
 public:
  using Steady = config::Clock::Steady;
  using nanoseconds = std::chrono::nanoseconds;

  // Full. `per_minute` is positive.
  TokenBucket(std::int64_t per_minute, Steady now) : per_minute_(per_minute), seen_(now) {
    fill_ = capacity();
  }

  std::int64_t per_minute() const { return per_minute_; }

  // How long until `count` can be taken, if nobody else takes any: zero now, nullopt never.
  std::optional<nanoseconds> wait(std::int64_t count, Steady now) {
    if (count > per_minute_) return std::nullopt;
    refill(now);
    return time_for(Parts{count} * kMinute - fill_);
  }

  void take(std::int64_t count) { give(-count); }

  // Gives back, or where negative takes more than there may be: a debt, of at most an hour, so
  // that one absurd count does not shut out its account for days.
  void give(std::int64_t count) {
    fill_ = std::clamp(fill_ + Parts{count} * kMinute, -60 * capacity(), capacity());
  }

  // Whole ones that can be taken now.
  std::int64_t remaining(Steady now) {
    refill(now);
    return static_cast<std::int64_t>(std::max<Parts>(fill_, 0) / kMinute);
  }

  nanoseconds until_full(Steady now) {
    refill(now);
    return time_for(capacity() - fill_);
  }

  // What was taken stays taken.
  void change(std::int64_t per_minute, Steady now) {
    refill(now);
    const Parts taken = capacity() - fill_;
    per_minute_ = per_minute;
    fill_ = capacity() - taken;
  }

 private:
  // One is kMinute parts, and each nanosecond brings `per_minute_` parts.
  using Parts = __int128;
  static constexpr std::int64_t kMinute = nanoseconds(std::chrono::minutes(1)).count();

  Parts capacity() const { return Parts{per_minute_} * kMinute; }

  void refill(Steady now) {
    if (now <= seen_) return;
    fill_ = std::min(capacity(), fill_ + Parts{per_minute_} * nanoseconds(now - seen_).count());
    seen_ = now;
  }

  nanoseconds time_for(Parts parts) const {
    if (parts <= 0) return nanoseconds{0};
    const Parts time = (parts + per_minute_ - 1) / per_minute_;
    return nanoseconds{
        static_cast<std::int64_t>(std::min<Parts>(time, std::numeric_limits<std::int64_t>::max()))};
  }

  std::int64_t per_minute_;
  Parts fill_;
  Steady seen_;
};

}  // namespace gateway::limits

#include "gateway/ledger/believed_clock.h"

#include <utility>

#include "gateway/log.h"

namespace gateway {

BelievedClock::BelievedClock(const config::Clock& clock, Newest newest)
    : clock_(clock), newest_(std::move(newest)) {}

config::Result<BelievedClock::Wall> BelievedClock::now() {
  const Moment now{clock_.wall(), clock_.now()};
  if (!believed_) {
    const auto newest = newest_();
    if (!newest) return newest.error();
    believed_ = Moment{newest->value_or(now.wall), now.steady};
  }
  const Wall expected = believed_->wall + (now.steady - believed_->steady);
  if (now.wall <= expected + kJump) {
    doubted_.reset();
    believed_ = now;
    return now.wall;
  }
  if (!doubted_) {
    doubted_ = now.steady;
    const auto ahead = std::chrono::floor<std::chrono::hours>(now.wall - expected);
    log::warn(
        "the clock is far ahead of the newest records or of what it was: if that is wrong, set it "
        "right; if it stays so for a day, records are removed by it",
        {{"hours_ahead", ahead.count()}});
  }
  if (now.steady - *doubted_ < kProof) return expected;
  doubted_.reset();
  believed_ = now;
  return now.wall;
}

}  // namespace gateway

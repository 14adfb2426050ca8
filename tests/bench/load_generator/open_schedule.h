#pragma once
// When requests should be sent, whatever became of those before: evenly from a start on. A
// request that is taken late keeps the moment it was meant for, so that what it waited in the
// generator counts as waiting (no coordinated omission). One thread.

#include <cstdint>
#include <optional>

#include "tests/bench/wire/clock.h"

namespace bench {

class OpenSchedule {
 public:
  // `count` requests in all.
  OpenSchedule(Nanoseconds start, double per_second, std::uint64_t count)
      : start_(start), per_second_(per_second), count_(count) {}

  // When the next one should be sent; kNever: all are taken.
  Nanoseconds next() const { return taken_ < count_ ? intended(taken_) : kNever; }

  // The next one where it is due, by the moment it was meant for.
  std::optional<Nanoseconds> take(Nanoseconds time) {
    if (next() > time) return std::nullopt;
    return intended(taken_++);
  }

  std::uint64_t left() const { return count_ - taken_; }

 private:
  // From the start each time: sums of rounded gaps would drift.
  Nanoseconds intended(std::uint64_t number) const {
    return start_ + static_cast<Nanoseconds>(static_cast<double>(number) / per_second_ * 1e9);
  }

  Nanoseconds start_;
  double per_second_;
  std::uint64_t count_;
  std::uint64_t taken_ = 0;
};

}  // namespace bench

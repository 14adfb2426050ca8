#pragma once
// The wall clock, for what cannot be taken back. One that is more than a day ahead of what the
// steady clock, or at a start the newest records, make of it may be wrong: until it has been so
// for a day of the steady clock, time goes on as if it had not jumped. The ledger's thread only.

#include <chrono>
#include <functional>
#include <optional>

#include "config/base/clock.h"
#include "config/base/error.h"

namespace gateway {

class BelievedClock {
 public:
  using Wall = config::Clock::Wall;
  static constexpr std::chrono::hours kJump{24};   // further ahead is not believed
  static constexpr std::chrono::hours kProof{24};  // before it has been so for this long

  // When the newest records began; nullopt: there are none.
  using Newest = std::function<config::Result<std::optional<Wall>>()>;

  // `clock` outlives it. `newest` is asked at the first now().
  BelievedClock(const config::Clock& clock, Newest newest);

  // An Error is of `newest`.
  config::Result<Wall> now();

 private:
  struct Moment {
    Wall wall;
    config::Clock::Steady steady;
  };

  const config::Clock& clock_;
  const Newest newest_;
  std::optional<Moment> believed_;                // the last that was
  std::optional<config::Clock::Steady> doubted_;  // since then the clock is too far ahead
};

}  // namespace gateway

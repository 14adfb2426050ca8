#pragma once
// How soon a target's answers begin, of late: an average over the time to the first content that
// jumps to a peak at once and comes down over some ten seconds of answers (peak EWMA), and how many
// requests it has under way. What `order: fastest` goes by.
//
// One word, shared by the workers and by every snapshot. Any thread; no lock. Time is passed in.

#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>

#include "config/base/clock.h"

namespace gateway::upstream {

class PeakLatency {
 public:
  using Now = config::Clock::Steady;
  using Span = std::chrono::microseconds;

  // One more is under way. False: there are so many that this one is not counted.
  bool began();
  // One that was counted is so no longer.
  void ended();

  // The first content has come after `took`.
  void first_content(Span took, Now now);
  // It has not come in all of `waited`. Of one never measured, that tells nothing.
  void none_within(Span waited, Now now);

  struct Seen {
    std::optional<Span> latency;       // nullopt: never measured
    std::chrono::milliseconds age{0};  // of the last measurement
    int in_flight = 0;
  };
  Seen seen(Now now) const;

 private:
  struct Word {
    std::uint64_t latency = 0;    // in kUnit; 0: never measured
    std::uint64_t in_flight = 0;  // stays at its most
    std::uint64_t at = 0;         // of the last measurement, in kTick; wraps after 49 days

    static Word unpack(std::uint64_t bits);
    std::uint64_t pack() const;
  };

  template <class Change>
  void change(const Change& next);

  std::atomic<std::uint64_t> word_{0};
};

}  // namespace gateway::upstream

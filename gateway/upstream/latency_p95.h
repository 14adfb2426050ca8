#pragma once
// After which time 95 of 100 of a target's answers have begun, of late: each one that took longer
// moves the estimate up by a step, each that did not moves it down by a nineteenth of that, so that
// it rests where one of twenty is above it. Steps are a share of the estimate: it finds its place
// within some dozens of answers and follows a target that changes.
//
// One word, shared by the workers. Any thread; no lock.

#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>

namespace gateway::upstream {

class LatencyP95 {
 public:
  using Span = std::chrono::microseconds;

  // An answer began after `took`.
  void began(Span took);
  // One had not begun after `waited`, and nobody waited longer: that says something only where it
  // is above the estimate.
  void none_within(Span waited);

  // nullopt: too few were seen.
  std::optional<Span> seen() const;

 private:
  template <class Change>
  void change(const Change& next);

  std::atomic<std::uint64_t> word_{0};
};

}  // namespace gateway::upstream

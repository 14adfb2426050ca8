#pragma once
// How often a target that failed may be asked again: a share of the requests that it is asked for,
// or a few a second where those are few. So a sick target gets little more than its live traffic,
// however many requests would like to try once more. In the same way, how often another may be
// asked beside one that is slow.
//
// Two per target, beside its breaker: shared by the workers and kept over a reload. One atomic
// word, counted from a window's first failure on, so that of a target that never fails it is read
// and never written. Any thread; no lock. Time is passed in.

#include <atomic>
#include <chrono>
#include <cstdint>

#include "config/base/clock.h"

namespace gateway::upstream {

class RetryBudget {
 public:
  using Now = config::Clock::Steady;

  static constexpr std::chrono::seconds kWindow{10};

  struct Share {
    int percent;
    int per_second;  // so many may in any case
  };

  // A request asks the target first of all. (Each counts once, where it begins: what goes on to
  // others, or comes again, is more load and earns no more of it. So all repetitions together
  // stay within the share.)
  void asked(Now now);
  // One that failed would like to ask it again; true: it may, and that is counted.
  bool take(Now now, Share share);

  std::uint64_t taken() const { return taken_.load(std::memory_order_relaxed); }
  std::uint64_t refused() const { return refused_.load(std::memory_order_relaxed); }

 private:
  // What happened in one window since its first failure.
  struct Word {
    std::uint64_t number = 0;
    std::uint32_t asked = 0;
    std::uint32_t taken = 0;

    static Word unpack(std::uint64_t bits);
    std::uint64_t pack() const;
  };

  std::atomic<std::uint64_t> word_{0};
  // For /metrics; written only where something failed.
  std::atomic<std::uint64_t> taken_{0};
  std::atomic<std::uint64_t> refused_{0};
};

}  // namespace gateway::upstream

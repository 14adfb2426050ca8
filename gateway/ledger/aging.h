#pragma once
// What the ledger does with what has become old: records go after the days they are kept, sums
// of slots that are over for long are packed. In steps between which the ledger's thread appends
// what is new: nothing waits for longer than one step takes.

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <string_view>

#include "config/base/clock.h"
#include "config/base/error.h"

namespace gateway {

class Aging {
 public:
  struct Duty {
    // What time it is; an Error: nothing is done now.
    std::function<config::Result<config::Clock::Wall>()> now;
    std::chrono::hours age{};
    int step = 0;  // as much at a time
    // Deals with what is from before `before`, which is `age` before `now`, `at_most` of it or
    // little more, and tells how much that was; less than `at_most`: nothing is left.
    std::function<config::Result<int>(config::Clock::Wall before, config::Clock::Wall now,
                                      int at_most)>
        act;
    // For the log; outlive it.
    std::string_view done;
    std::string_view failed;
  };

  // Accounting::run: has the ledger's thread do something after what it does now; false where
  // there is no such thread.
  using Later = std::function<bool(std::function<void()>)>;

  // All outlive it, and so does `this` every task that `later` still holds.
  Aging(Duty duty, Later later);

  // Begins unless one is under way. Any thread; returns at once.
  void look();

 private:
  void step();

  const Duty duty_;
  const Later later_;
  std::atomic<bool> under_way_{false};

  // The ledger's thread only.
  std::int64_t count_ = 0;
};

}  // namespace gateway

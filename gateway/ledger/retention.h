#pragma once
// Takes records that are older than they are kept out of the ledger, in steps between which
// the ledger's thread appends what is new: nothing waits for longer than one step takes.

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>

#include "config/base/clock.h"
#include "config/base/error.h"

namespace gateway {

class Retention {
 public:
  static constexpr int kStep = 500;

  // Ledger::retire: removes records that began before `before`, `at_most` of them, and tells
  // how many are gone.
  using Retire = std::function<config::Result<int>(config::Clock::Wall before, int at_most)>;
  // Accounting::run: has the ledger's thread do something after what it does now; false where
  // there is no such thread.
  using Later = std::function<bool(std::function<void()>)>;

  // All outlive it, and so does `this` every task that `later` still holds.
  Retention(int keep_days, const config::Clock& clock, Retire retire, Later later);

  // Begins unless one is under way. Any thread; returns at once.
  void look();

 private:
  void step();

  const std::chrono::hours keep_;
  const config::Clock& clock_;
  const Retire retire_;
  const Later later_;
  std::atomic<bool> under_way_{false};

  // The ledger's thread only.
  std::int64_t removed_ = 0;
};

}  // namespace gateway

#pragma once
// Keeps the limiter's budgets true to what is spent where the limiter does not see it: before a
// budget began, and in other processes that share the ledger. On two threads of its own, because
// both wait for disks and one for the ledger's thread, which may take long: what others spend is
// looked at meanwhile. Made before the workers and ended after them.
//
// Whoever writes the ledger counts what it settles itself and asks the ledger once, when a
// budget begins. Whoever does not (a successor) has nothing of its own in the ledger, so that
// the ledger's sums are the others' spending: it takes them anew at every look.

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

#include "config/base/clock.h"
#include "config/base/error.h"
#include "gateway/ledger/journal_folder.h"
#include "gateway/ledger/other_processes.h"
#include "gateway/limits/limiter.h"

namespace gateway {

class BudgetKeeper {
 public:
  // Returns once all that this process has journalled is in the ledger; an Error: it is not by
  // `deadline`, and the ledger's sums say too little. Called on one of the keeper's threads.
  using CarryAll = std::function<config::Result<void>(std::chrono::milliseconds deadline)>;

  // `database`: the ledger's path. All of them outlive the keeper.
  BudgetKeeper(limits::Limiter& limiter, JournalFolder& folder, const config::Clock& clock,
               std::string database, CarryAll carry_all);
  ~BudgetKeeper();
  BudgetKeeper(const BudgetKeeper&) = delete;
  BudgetKeeper& operator=(const BudgetKeeper&) = delete;

  void start();
  void stop();

  // Any thread. New budgets are to learn what was spent of them; tried until it works. Returns
  // at once the number by which learnt() and wait() know this.
  std::uint64_t ask();
  bool learnt(std::uint64_t asked) const;
  // An Error: not by `deadline`; it is still being tried.
  config::Result<void> wait(std::uint64_t asked, std::chrono::milliseconds deadline);
  config::Result<void> ask_and_wait(std::chrono::milliseconds deadline) {
    return wait(ask(), deadline);
  }

  // Any thread, once: this process writes the ledger from now on. Nothing of its own may be in
  // it before this returns.
  void writes_from_now_on();

  // Any thread. An attempt of a process that died has come into the ledger, which this process
  // writes, by `row` or one before it.
  void replayed(const UsageRecord& record, std::int64_t row);

 private:
  void look_again_and_again();
  void learn_when_asked();
  void look();
  config::Result<void> learn();

  limits::Limiter& limiter_;
  JournalFolder& folder_;
  const config::Clock& clock_;
  const std::string database_;
  const CarryAll carry_all_;
  OtherProcesses others_;

  // One look or lesson at a time.
  std::mutex looking_;
  bool writes_ = false;

  // Any thread.
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::condition_variable learnt_;
  std::uint64_t asked_ = 0;
  std::uint64_t done_ = 0;  // of those asked
  bool stopping_ = false;

  std::thread looks_;
  std::thread learns_;
};

}  // namespace gateway

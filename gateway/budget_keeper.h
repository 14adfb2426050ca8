#pragma once
// Keeps the limiter's budgets true to what is spent where the limiter does not see it: before a
// budget began, and in other processes that share the ledger. On a thread of its own, because it
// waits for the ledger's: what asks it to look returns at once. Made before the workers and
// ended after them.

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

#include "config/base/error.h"
#include "gateway/ledger/journal_folder.h"
#include "gateway/ledger/other_processes.h"
#include "gateway/limits/limiter.h"

namespace gateway {

class BudgetKeeper {
 public:
  // Returns once all that this process has journalled is in the ledger; an Error: it is not, and
  // the ledger's sums say too little. Called on the keeper's thread, may block.
  using CarryAll = std::function<config::Result<void>()>;

  // `database`: the ledger's path. All of them outlive the keeper.
  BudgetKeeper(limits::Limiter& limiter, const JournalFolder& folder, std::string database,
               CarryAll carry_all);
  ~BudgetKeeper();
  BudgetKeeper(const BudgetKeeper&) = delete;
  BudgetKeeper& operator=(const BudgetKeeper&) = delete;

  void start();
  void stop();

  // Any thread. New budgets are to learn what was spent of them (Limiter::learn); tried until
  // it works.
  void ask();
  // The same, and waits for it. An Error: not by `deadline`; it is still being tried.
  config::Result<void> ask_and_wait(std::chrono::milliseconds deadline);

  // What others spend is looked for at once, on the caller's thread: before what speaks of it is
  // taken out of their journals.
  void look_elsewhere();

 private:
  void work();
  config::Result<void> learn();

  limits::Limiter& limiter_;
  const std::string database_;
  const CarryAll carry_all_;
  OtherProcesses others_;

  // Any thread.
  std::mutex mutex_;
  std::condition_variable wake_;
  std::condition_variable learnt_;
  std::uint64_t asked_ = 0;
  std::uint64_t done_ = 0;  // of those asked
  bool stopping_ = false;

  std::thread thread_;
};

}  // namespace gateway

#pragma once
// Everything that writes money down in this process: the journals' folder, the thread that
// gets them onto the disk, the ledger, the thread that carries the one into the other, and the
// one that keeps budgets true to them. Made before the workers and ended after them. Control
// thread, but for what its parts allow.
//
// One process writes a ledger. Another that is started beside it (its successor, in an upgrade)
// serves and journals, and takes the ledger over when the lock is free.

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "config/base/clock.h"
#include "config/config.h"
#include "gateway/budget_keeper.h"
#include "gateway/ledger/aging.h"
#include "gateway/ledger/believed_clock.h"
#include "gateway/ledger/drift_watch.h"
#include "gateway/ledger/journal_folder.h"
#include "gateway/ledger/journal_sync.h"
#include "gateway/ledger/ledger_writer.h"
#include "gateway/ledger/second_opinion.h"
#include "gateway/ledger/sqlite_ledger.h"
#include "gateway/limits/limiter.h"
#include "gateway/metrics/shard.h"

namespace gateway {

class Accounting {
 public:
  // Opens the ledger and carries into it what dead processes left behind, or finds that another
  // process writes it. The Error's message is one line for the operator: nothing must be served
  // without a ledger. `limiter` is whose budgets are kept; `locked` is how long each write
  // waits for somebody else's lock on the ledger.
  static config::Result<std::unique_ptr<Accounting>> open(
      const config::Ledger& settings, int workers, const config::Clock& clock, std::uint64_t seed,
      limits::Limiter& limiter,
      std::chrono::milliseconds locked = sqlite::WriteOptions{}.busy_timeout);
  ~Accounting();
  Accounting(const Accounting&) = delete;
  Accounting& operator=(const Accounting&) = delete;

  JournalFolder& journals() { return *journals_; }
  JournalSync& sync() { return sync_; }
  BudgetKeeper& budgets() { return budgets_; }

  // Any thread. nullptr: another process writes the ledger.
  const LedgerWriter* writer() const { return writing_.load(std::memory_order_acquire); }
  // Any thread. Runs `task` on the thread that writes the ledger, between two batches. False:
  // another process writes it, and nothing will run. After stop() a task is dropped.
  bool run(std::function<void()> task);
  // For such tasks; nullptr where writer() is.
  SqliteLedger* ledger() { return writer() == nullptr ? nullptr : ledger_.get(); }

  // Any thread. A receipt says what an attempt cost: counted, and watched for drift, where this
  // process writes the ledger.
  void saw_receipt(const UsageRecord& attempt, const TwoOpinions& both);
  // What the ledger's thread counts, for /metrics.
  const metrics::Shard& counted() const { return counted_; }

  // Now and then: what is older than it is kept goes, and old sums are packed. Returns at once.
  void tidy();

  // Once this process serves: says so where another one writes the ledger.
  void say_who_writes() const;

  // Before the workers' event loops end.
  void stop_syncing() { sync_.stop(); }
  // After the workers: carries what is left.
  void stop();

 private:
  Accounting(std::unique_ptr<JournalFolder> journals, const config::Ledger& settings,
             const config::Clock& clock, limits::Limiter& limiter,
             std::chrono::milliseconds locked);
  void write(std::unique_ptr<SqliteLedger> ledger);
  void take_over_when_free();
  config::Result<void> carry_all(std::chrono::milliseconds deadline);
  void replayed(const UsageRecord& record, bool since_start);

  const config::Clock& clock_;
  const config::Ledger settings_;
  const std::chrono::milliseconds locked_;
  std::unique_ptr<JournalFolder> journals_;
  // Set once, by write().
  std::unique_ptr<SqliteLedger> ledger_;
  DriftWatch drift_;
  metrics::Shard counted_;
  std::unique_ptr<WatchedLedger> watched_;
  // Outlive the thread that may be at it.
  BelievedClock believed_;  // by what records grow old
  Aging retention_;
  Aging packing_;
  std::unique_ptr<LedgerWriter> writer_;
  std::atomic<LedgerWriter*> writing_{nullptr};
  JournalSync sync_;
  BudgetKeeper budgets_;
  bool stopped_ = false;

  // Waiting for the ledger.
  std::string why_waiting_;  // set before the thread starts
  std::mutex mutex_;
  std::condition_variable give_up_;
  bool giving_up_ = false;
  std::thread waiting_;
};

}  // namespace gateway

#pragma once
// Everything that writes money down in this process: the journals' folder, the thread that
// gets them onto the disk, the ledger, and the thread that carries the one into the other.
// Made before the workers and ended after them. Control thread, but for what its parts allow.

#include <cstdint>
#include <functional>
#include <memory>

#include "config/base/clock.h"
#include "config/config.h"
#include "gateway/ledger/journal_folder.h"
#include "gateway/ledger/journal_sync.h"
#include "gateway/ledger/ledger_writer.h"
#include "gateway/ledger/sqlite_ledger.h"
#include "gateway/limits/limiter.h"

namespace gateway {

class Accounting {
 public:
  // Opens the ledger and carries into it what dead processes left behind. The Error's message
  // is one line for the operator: nothing must be served without a ledger. Waits a little for
  // another process that is about to end.
  static config::Result<std::unique_ptr<Accounting>> open(const config::Ledger& settings,
                                                          int workers, const config::Clock& clock,
                                                          std::uint64_t seed);
  ~Accounting();
  Accounting(const Accounting&) = delete;
  Accounting& operator=(const Accounting&) = delete;

  JournalFolder& journals() { return *journals_; }
  JournalSync& sync() { return sync_; }
  LedgerWriter& writer() { return writer_; }
  // Its own functions on the writer's thread only.
  SqliteLedger& ledger() { return *ledger_; }

  // For Limiter::configure(): sums what is in the ledger once it has all that was journalled
  // before. Blocks; not on the writer's thread.
  limits::SpentSince spent();
  // The same for many accounts, while nobody is served: waits once for what was journalled, and
  // then runs `work` on the writer's thread, beside the ledger. Blocks until it has run.
  void sum_at_rest(const std::function<void(const limits::SpentSince& spent)>& work);

  // Before the workers' event loops end.
  void stop_syncing() { sync_.stop(); }
  // After the workers: carries what is left.
  void stop();

 private:
  Accounting(std::unique_ptr<JournalFolder> journals, std::unique_ptr<SqliteLedger> ledger,
             const config::Clock& clock);

  std::unique_ptr<JournalFolder> journals_;
  std::unique_ptr<SqliteLedger> ledger_;
  JournalSync sync_;
  LedgerWriter writer_;
  bool stopped_ = false;
};

}  // namespace gateway

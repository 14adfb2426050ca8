#pragma once
// What other processes that share this ledger spend, for the budgets of this one: while two run
// side by side (an upgrade, a rolling restart), one alone writes the ledger, and what the other
// holds and has spent stands in its journals only.
//
// Every attempt found there is counted at what is held for it, then at its record's cost, then
// at what the ledger says; so that a budget may for a moment count an attempt twice that is on
// its way into the ledger, and never not at all. Any thread; blocks on the disk.

#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <utility>

#include "config/base/clock.h"
#include "config/base/error.h"
#include "config/base/money.h"
#include "gateway/ledger/account_id.h"
#include "gateway/ledger/journal_folder.h"

namespace gateway {

class OtherProcesses {
 public:
  // Told how much more (or less) an attempt has come to cost: `record` says whose it is and
  // when it began.
  using Count = std::function<void(const UsageRecord& record, config::PicoUsd by)>;

  OtherProcesses(const JournalFolder& folder, std::string database, Count count);

  // To be called before budgets begin, and again and again. An Error is the ledger's, which
  // cannot be read: look again.
  config::Result<void> look();

  // What is counted of an account's attempts since then and not in the ledger: what a new
  // budget has to add to the ledger's sum.
  config::PicoUsd not_in_ledger(const AccountId& account, config::Clock::Wall since) const;

 private:
  using AttemptId = std::pair<std::string, int>;
  struct Known {
    UsageRecord record;
    config::PicoUsd counted;
    bool in_ledger = false;  // when it was first seen: in the sums that budgets began with
  };

  const JournalFolder& folder_;
  const std::string database_;
  const Count count_;

  mutable std::mutex mutex_;
  std::map<AttemptId, Known> known_;
};

}  // namespace gateway

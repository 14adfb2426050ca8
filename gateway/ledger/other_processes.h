#pragma once
// What other processes that share this ledger have journalled and it does not have yet: while
// two run side by side (an upgrade, a rolling restart), and of those that died until they are
// replayed. With the ledger's sums it says what a budget has spent, whoever spent it.
// Any thread; blocks on the disk.

#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "config/base/clock.h"
#include "config/base/error.h"
#include "config/base/money.h"
#include "gateway/ledger/account_id.h"
#include "gateway/ledger/journal_folder.h"

namespace gateway {

// What an attempt costs, or what is held for it, and whose it is.
struct Spending {
  config::KeyName key;
  config::TeamName team;
  config::Clock::Wall started;
  config::PicoUsd amount;
};

class OtherProcesses {
 public:
  OtherProcesses(const JournalFolder& folder, std::string database);

  // Ask the ledger for its sums after this, not before: what goes from the journals into the
  // ledger meanwhile is then in both, and never in neither. True where anything changed. An
  // Error is the ledger's, which cannot be read; nothing changed.
  config::Result<bool> look();

  // Of an account's attempts that began then or later.
  config::PicoUsd spent(const AccountId& account, config::Clock::Wall since) const;

 private:
  using AttemptId = std::pair<std::string, int>;

  const JournalFolder& folder_;
  const std::string database_;

  mutable std::mutex mutex_;
  std::vector<Spending> not_in_ledger_;
  std::set<AttemptId> in_ledger_;  // of those that journals still speak of
};

// What of `attempts` an account pays that began then or later.
config::PicoUsd sum_of(const std::vector<Spending>& attempts, const AccountId& account,
                       config::Clock::Wall since);

}  // namespace gateway

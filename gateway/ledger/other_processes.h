#pragma once
// What other processes that share this ledger have journalled and it does not have yet: while
// two run side by side (an upgrade, a rolling restart), and of those that died until they are
// replayed. With the ledger's sums it says what a budget has spent, whoever spent it.
// A look costs what is new since the one before, in the journals and in the ledger.
// Any thread; blocks on the disk.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "config/base/clock.h"
#include "config/base/error.h"
#include "config/base/money.h"
#include "gateway/ledger/account_id.h"
#include "gateway/ledger/journal_folder.h"
#include "gateway/ledger/journal_tail.h"
#include "gateway/ledger/ledger_reader.h"

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
  // ledger meanwhile is then in both, and never in neither. True where anything is or was
  // seen. An Error is the ledger's, which cannot be read; what is new does not count yet.
  config::Result<bool> look();

  // Of an account's attempts that began then or later.
  config::PicoUsd spent(const AccountId& account, config::Clock::Wall since) const;

  // Journal entries and the ledger's rows that all looks so far have read.
  std::uint64_t read() const;

 private:
  using AttemptId = LedgerReader::AttemptId;
  struct Attempt {
    Spending spending;
    bool settled = false;
    bool counts = false;       // the ledger was asked, and does not have it
    std::size_t mentions = 0;  // by files that are there
  };
  using Attempts = std::map<AttemptId, Attempt>;
  using Open = std::set<const Attempt*>;
  struct Folder {
    explicit Folder(const std::filesystem::path& path) : tail(path) {}
    JournalTail tail;
    std::map<SegmentName, std::vector<AttemptId>> says;
  };

  JournalTail::News news_of(Folder& folder);
  void take(Folder& folder, const SegmentName& file, const JournalEntry& entry);
  Attempt& mention(Folder& folder, const SegmentName& file, AttemptId id);
  void drop(Folder& folder, const SegmentName& file);
  config::Result<void> ask_ledger();
  void count(Attempt& attempt, bool counts);

  const JournalFolder& folder_;
  const std::string database_;

  mutable std::mutex mutex_;
  std::map<std::filesystem::path, Folder> folders_;
  Attempts attempts_;                     // that journals speak of
  std::set<AttemptId> new_;               // that the ledger was not asked for yet
  std::optional<std::int64_t> last_row_;  // of the ledger, when it was asked last
  std::uint64_t read_ = 0;
  // Those that count, by who pays.
  Open everyones_;
  std::unordered_map<std::string, Open> by_key_;
  std::unordered_map<std::string, Open> by_team_;
};

// What of `attempts` an account pays that began then or later.
config::PicoUsd sum_of(const std::vector<Spending>& attempts, const AccountId& account,
                       config::Clock::Wall since);

}  // namespace gateway

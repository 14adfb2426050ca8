#pragma once
// The ledger in an SQLite file: records in a hash chain, and beside them the sums that
// reports and budgets are answered from, always in one transaction. Owns the file: one
// process, by a lock (sqlite/writer_lock.h). One thread at a time; reports and exports have
// connections of their own (usage_report.h, verify.h, export.h).

#include <memory>
#include <optional>
#include <span>
#include <string>

#include "config/base/sha256.h"
#include "gateway/ledger/correction.h"
#include "gateway/ledger/ledger.h"
#include "gateway/ledger/names.h"
#include "gateway/ledger/record_rows.h"
#include "gateway/ledger/retirement.h"
#include "gateway/ledger/roll_up.h"
#include "gateway/ledger/sqlite/database.h"
#include "gateway/ledger/sqlite/ledger_file.h"
#include "gateway/ledger/sqlite/writer_lock.h"

namespace gateway {

class SqliteLedger final : public Ledger {
 public:
  // Takes the lock and opens the file, made and migrated as needed. The Error's message is
  // one line for the operator; its code is `overloaded` where another process has the lock
  // (it may be tried again) and `internal` where somebody must look.
  static config::Result<std::unique_ptr<SqliteLedger>> open(const std::string& path,
                                                            const sqlite::WriteOptions& options);

  config::Result<ThereAlready> append(std::span<const UsageRecord> records) override;
  config::Result<config::PicoUsd> spent(const AccountId& account,
                                        config::Clock::Wall since) override;

  // Writes further rows that stand in for those of these attempts, in the hour the attempt
  // belongs to; nothing is rewritten. All or nothing. One that changes nothing, or whose
  // attempt is not there, adds nothing. Returns how many were written.
  config::Result<int> correct(std::span<const Correction> corrections);

  // Removes the oldest records in a row that began before `before`, `at_most` of them, with
  // those among them that are misdated (retirement.h); the sums stay, and a checkpoint that
  // goes on with the chain. Returns how many are gone; to be called again while that is
  // `at_most`. Short enough not to keep appends waiting.
  config::Result<int> retire(config::Clock::Wall before, config::Clock::Wall now, int at_most);
  // When the newest record but so many began, or the oldest where there are no more than
  // that; nullopt: there is none.
  config::Result<std::optional<config::Clock::Wall>> newest_but(int but);

  // Packs the sums of slots that ended before `before` (roll_up_packer.h). As retire: about
  // `at_most` at a time, to be called again while it returns as many.
  config::Result<int> pack(config::Clock::Wall before, int at_most);

  // The last of the chain, as it is committed; 0: there was none yet.
  std::int64_t newest_row() const { return last_id_; }

  // What tells this ledger from all others, since it was made.
  const std::string& identity() const { return identity_; }

  // For what lives in the same file (keys). Stays the ledger's; its thread only.
  sqlite::Database& database() { return database_; }

 private:
  SqliteLedger(sqlite::WriterLock lock, sqlite::Database database);
  config::Result<void> prepare();
  config::Result<void> read_head();
  config::Result<void> write_head();
  config::Result<void> note_misdated(const Retirement& gone);
  config::Result<bool> insert(const UsageRecord& record, std::int64_t revision, RollUp& changes,
                              const Sums& sums);
  config::Result<std::optional<RecordRow>> latest(const config::RequestId& request, int attempt);

  // Runs `change` in a transaction; whatever it remembered is forgotten when it fails.
  template <class Change>
  config::Result<void> changing(Change change);

  sqlite::WriterLock lock_;
  sqlite::Database database_;
  // The statements; made once, gone before the database is.
  struct Prepared;
  struct Drop {
    void operator()(Prepared* prepared) const;
  };
  std::unique_ptr<Prepared, Drop> prepared_;

  std::string identity_;
  // The chain's end as committed.
  std::int64_t last_id_ = 0;
  config::Sha256 last_hash_{};
};

}  // namespace gateway

#include "gateway/ledger/sqlite_ledger.h"

#include <algorithm>
#include <limits>
#include <utility>

#include <fmt/format.h>

#include "gateway/ledger/account_sums.h"
#include "gateway/ledger/chain.h"
#include "gateway/ledger/misdated_days.h"
#include "gateway/ledger/roll_up_packer.h"
#include "gateway/ledger/time_cover.h"

namespace gateway {

using config::Result;

namespace {

config::Error damaged(std::string detail) {
  return config::failure(config::ErrorCode::internal, "The ledger is damaged.", std::move(detail));
}

// Its file was removed, or another put in its place. What is written now would go with the
// last process that has it open, so nothing is: the journal keeps it.
config::Error lost() {
  return config::failure(config::ErrorCode::overloaded,
                         "The gateway's ledger cannot do this right now.",
                         "the ledger's file is gone or was replaced; put it back and start again");
}

}  // namespace

struct SqliteLedger::Prepared {
  Names names;
  RollUpWriter roll_up;
  RollUpPacker packer;
  sqlite::Statement insert;
  sqlite::Statement latest;  // of a request and attempt
  sqlite::Statement set_head;
  AccountSums accounts;
  sqlite::Statement oldest;
  sqlite::Statement remove;
  sqlite::Statement checkpoint;
};

void SqliteLedger::Drop::operator()(Prepared* prepared) const {
  delete prepared;
}

SqliteLedger::SqliteLedger(sqlite::WriterLock lock, sqlite::Database database)
    : lock_(std::move(lock)), database_(std::move(database)) {}

Result<std::unique_ptr<SqliteLedger>> SqliteLedger::open(const std::string& path,
                                                         const sqlite::WriteOptions& options) {
  auto lock = sqlite::WriterLock::take(path);
  if (!lock) return lock.error();
  auto database = sqlite::open_for_writing(path, *lock, options);
  if (!database) return database.error();
  std::unique_ptr<SqliteLedger> ledger(new SqliteLedger(*std::move(lock), *std::move(database)));
  auto ready = ledger->prepare();
  if (ready) ready = ledger->read_head();
  if (!ready) {
    auto error = ready.error();
    error.message = fmt::format("the ledger {}: {}", path, error.detail);
    return error;
  }
  return ledger;
}

Result<void> SqliteLedger::prepare() {
  auto names = Names::open(database_);
  if (!names) return names.error();
  auto roll_up = RollUpWriter::open(database_);
  if (!roll_up) return roll_up.error();
  auto packer = RollUpPacker::open(database_);
  if (!packer) return packer.error();
  auto insert = prepare_insert(database_);
  if (!insert) return insert.error();
  auto latest = prepare_select(
      database_, "WHERE r.request = ?1 AND r.attempt = ?2 ORDER BY r.revision DESC LIMIT 1");
  if (!latest) return latest.error();
  auto set_head = database_.prepare("INSERT OR REPLACE INTO meta VALUES ('head', ?1)");
  if (!set_head) return set_head.error();
  auto accounts = AccountSums::open(database_);
  if (!accounts) return accounts.error();
  auto oldest = database_.prepare("SELECT id, started, revision FROM record ORDER BY id");
  if (!oldest) return oldest.error();
  auto remove = database_.prepare("DELETE FROM record WHERE id <= ?1");
  if (!remove) return remove.error();
  auto checkpoint = database_.prepare(
      "INSERT INTO checkpoint SELECT id, hash, max(?2, ifnull((SELECT max(through) FROM"
      " checkpoint), ?2)) FROM record WHERE id = ?1");
  if (!checkpoint) return checkpoint.error();
  prepared_.reset(new Prepared{*std::move(names), *std::move(roll_up), *std::move(packer),
                               *std::move(insert), *std::move(latest), *std::move(set_head),
                               *std::move(accounts), *std::move(oldest), *std::move(remove),
                               *std::move(checkpoint)});
  return {};
}

// "ID HASH" of the last row, kept beside the rows: without it, rows missing at the end
// would not be noticed.
Result<void> SqliteLedger::read_head() {
  auto identity = database_.text("SELECT value FROM meta WHERE name = 'identity'");
  if (!identity) return identity.error();
  identity_ = *identity;
  auto known = database_.integer("SELECT count(*) FROM meta WHERE name = 'head'");
  if (!known) return known.error();
  auto last = database_.integer("SELECT ifnull(max(id), 0) FROM record");
  if (!last) return last.error();
  if (*known == 0) {
    if (*last != 0) return damaged("it does not say where its chain ends");
    last_id_ = 0;
    last_hash_ = first_link(identity_);
    return {};
  }
  auto head = database_.text("SELECT value FROM meta WHERE name = 'head'");
  if (!head) return head.error();
  const std::size_t space = head->find(' ');
  const auto hash = config::parse_sha256(
      space == std::string::npos ? std::string_view() : std::string_view(*head).substr(space + 1));
  if (!hash) return damaged("it does not say where its chain ends");
  auto checkpoint = database_.integer("SELECT ifnull(max(id), 0) FROM checkpoint");
  if (!checkpoint) return checkpoint.error();
  const std::string end = std::to_string(std::max(*last, *checkpoint));
  if (head->substr(0, space) != end) {
    return damaged(
        fmt::format("its last record is {}, and should be {}", end, head->substr(0, space)));
  }
  last_id_ = std::max(*last, *checkpoint);
  last_hash_ = *hash;
  return {};
}

Result<void> SqliteLedger::write_head() {
  return prepared_->set_head.with(fmt::format("{} {}", last_id_, config::to_hex(last_hash_))).run();
}

template <class Change>
Result<void> SqliteLedger::changing(Change change) {
  const std::int64_t id = last_id_;
  const config::Sha256 hash = last_hash_;
  if (!database_.in_place()) return lost();
  auto transaction = sqlite::Transaction::begin(database_, sqlite::Transaction::Kind::immediate);
  if (!transaction) return transaction.error();
  Result<void> done = change();
  if (done && last_id_ != id) done = write_head();
  if (done) done = transaction->commit();
  if (!done) {
    last_id_ = id;
    last_hash_ = hash;
    prepared_->names.forget();
    return done;
  }
  // Gone while it was written: that it may be tried again is harmless, a loss is not.
  if (!database_.in_place()) return lost();
  return done;
}

Result<bool> SqliteLedger::insert(const UsageRecord& record, std::int64_t revision, RollUp& changes,
                                  const Sums& sums) {
  auto key = series_key(prepared_->names, record);
  if (!key) return key.error();
  auto series = prepared_->names.series(*key);
  if (!series) return series.error();
  RecordRow row{last_id_ + 1, revision, record,
                next_link(last_hash_, record, revision, LinkForm::compact)};
  auto is_new = insert_row(database_, prepared_->insert, prepared_->names, *series, row);
  if (!is_new || !*is_new) return is_new;
  last_id_ = row.id;
  last_hash_ = row.hash;
  auto added =
      changes.add(prepared_->names, *key, *series, record.tags, to_micros(record.started), sums);
  if (!added) return added.error();
  return true;
}

Result<Ledger::ThereAlready> SqliteLedger::append(std::span<const UsageRecord> records) {
  ThereAlready there_already;
  if (records.empty()) return there_already;
  auto done = changing([&]() -> Result<void> {
    RollUp changes;
    for (std::size_t i = 0; i < records.size(); ++i) {
      auto inserted = insert(records[i], 0, changes, sums_of(records[i]));
      if (!inserted) return inserted.error();
      if (!*inserted) there_already.push_back(i);
    }
    return prepared_->roll_up.write(changes);
  });
  if (!done) return done.error();
  return there_already;
}

Result<std::optional<RecordRow>> SqliteLedger::latest(const config::RequestId& request,
                                                      int attempt) {
  const RequestKey key(request);
  auto found = prepared_->latest.with(key.stored(), attempt).step();
  if (!found) return found.error();
  if (!*found) return std::optional<RecordRow>();
  auto row = read_row(prepared_->latest, prepared_->names);
  prepared_->latest.reset();
  if (!row) return row.error();
  return std::optional<RecordRow>(*std::move(row));
}

Result<int> SqliteLedger::correct(std::span<const Correction> corrections) {
  int written = 0;
  auto done = changing([&]() -> Result<void> {
    RollUp changes;
    for (const Correction& correction : corrections) {
      auto before = latest(correction.request, correction.attempt);
      if (!before) return before.error();
      if (!*before) continue;
      const UsageRecord record = corrected((*before)->record, correction);
      Sums change = sums_of(record);
      change.subtract(sums_of((*before)->record));
      if (change.empty()) continue;
      auto inserted = insert(record, (*before)->revision + 1, changes, change);
      if (!inserted) return inserted.error();
      ++written;
    }
    return prepared_->roll_up.write(changes);
  });
  if (!done) return done.error();
  return written;
}

Result<config::PicoUsd> SqliteLedger::spent(const AccountId& account, config::Clock::Wall since) {
  return prepared_->accounts.spent(prepared_->names, account, since);
}

Result<int> SqliteLedger::retire(config::Clock::Wall before, config::Clock::Wall now, int at_most) {
  // Where the clock was set back far, all that is there may be dated in the future: none of it is
  // looked through then.
  auto first = database_.integer(fmt::format("SELECT ifnull(min(started), {}) FROM record",
                                             std::numeric_limits<std::int64_t>::max()));
  if (!first) return first.error();
  if (*first >= to_micros(before)) return 0;
  Retirement gone(to_micros(before), to_micros(now), at_most);
  auto done = changing([&]() -> Result<void> {
    auto& oldest = prepared_->oldest.with();
    for (;;) {
      auto row = oldest.step();
      if (!row) return row.error();
      if (!*row) break;
      if (!gone.add({oldest.integer(0), oldest.integer(1), oldest.integer(2) != 0})) break;
    }
    oldest.reset();
    if (gone.count() == 0) return {};
    auto kept = prepared_->checkpoint.with(gone.last(), gone.through()).run();
    if (!kept) return kept;
    auto noted = note_misdated(gone);
    if (!noted) return noted;
    // A correction's row may outlive the row it corrects: its sums were counted in full.
    return prepared_->remove.with(gone.last()).run();
  });
  if (!done) return done.error();
  return static_cast<int>(gone.count());
}

// Of days that are not over by the checkpoint, but have lost records.
Result<void> SqliteLedger::note_misdated(const Retirement& gone) {
  if (gone.misdated().empty()) return {};
  auto days = misdated_days(database_);
  if (!days) return days.error();
  days->insert(gone.misdated().begin(), gone.misdated().end());
  return write_misdated_days(database_, *days);
}

Result<int> SqliteLedger::pack(config::Clock::Wall before, int at_most) {
  int count = 0;
  auto done = changing([&]() -> Result<void> {
    auto packed = prepared_->packer.pack(slot_of(to_micros(before), kQuarter), at_most);
    if (!packed) return packed.error();
    count = *packed;
    return {};
  });
  if (!done) return done.error();
  return count;
}

Result<std::optional<config::Clock::Wall>> SqliteLedger::newest_but(int but) {
  using Found = std::optional<config::Clock::Wall>;
  auto found = database_.prepare(
      "SELECT started FROM record WHERE id <= max((SELECT max(id) FROM record) - ?1, "
      "(SELECT min(id) FROM record)) ORDER BY id DESC LIMIT 1");
  if (!found) return found.error();
  const auto row = found->with(but).step();
  if (!row) return row.error();
  return *row ? Found(from_micros(found->integer(0))) : Found();
}

}  // namespace gateway

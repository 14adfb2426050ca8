#include "gateway/ledger/ledger_reader.h"

#include <utility>

#include "gateway/ledger/record_rows.h"
#include "gateway/ledger/sqlite/ledger_file.h"

namespace gateway {

using config::Result;

Result<std::unique_ptr<LedgerReader>> LedgerReader::open(const std::string& path,
                                                         std::chrono::milliseconds busy_timeout) {
  auto database = sqlite::open_for_reading(path, busy_timeout, sqlite::Shape::keys);
  if (!database) return database.error();
  std::unique_ptr<LedgerReader> reader(new LedgerReader(*std::move(database)));
  if (auto prepared = reader->prepare(); !prepared) return prepared.error();
  return reader;
}

Result<void> LedgerReader::prepare() {
  auto names = Names::open(database_);
  if (!names) return names.error();
  auto accounts = AccountSums::open(database_);
  if (!accounts) return accounts.error();
  auto latest = database_.prepare(
      "SELECT cost FROM record WHERE request = ?1 AND attempt = ?2 ORDER BY revision DESC LIMIT 1");
  if (!latest) return latest.error();
  prepared_.reset(new Prepared{*std::move(names), *std::move(accounts), *std::move(latest)});
  return {};
}

Result<void> LedgerReader::stay_at_this_moment() {
  auto moment = sqlite::Transaction::begin(database_, sqlite::Transaction::Kind::read);
  if (!moment) return moment.error();
  moment_.emplace(*std::move(moment));
  return {};
}

Result<std::string> LedgerReader::identity() {
  return database_.text("SELECT value FROM meta WHERE name = 'identity'");
}

Result<config::PicoUsd> LedgerReader::spent(const AccountId& account, config::Clock::Wall since) {
  if (moment_) return prepared_->accounts.spent(prepared_->names, account, since);
  // Several statements, one moment.
  auto moment = sqlite::Transaction::begin(database_, sqlite::Transaction::Kind::read);
  if (!moment) return moment.error();
  return prepared_->accounts.spent(prepared_->names, account, since);
}

Result<std::int64_t> LedgerReader::newest_row() {
  // Where the chain ends, as SqliteLedger writes it: retention may have taken all rows.
  return database_.integer(
      "SELECT ifnull((SELECT CAST(value AS INTEGER) FROM meta WHERE name = 'head'), 0)");
}

Result<std::vector<LedgerReader::AttemptId>> LedgerReader::attempts_after(std::int64_t row) {
  auto rows = database_.prepare("SELECT request, attempt FROM record WHERE id > ?1");
  if (!rows) return rows.error();
  rows->with(row);
  std::vector<AttemptId> attempts;
  for (;;) {
    auto more = rows->step();
    if (!more) return more.error();
    if (!*more) return attempts;
    attempts.emplace_back(read_request(*rows, 0).str(), static_cast<int>(rows->integer(1)));
  }
}

Result<std::optional<config::PicoUsd>> LedgerReader::cost(const config::RequestId& request,
                                                          int attempt) {
  const RequestKey key(request);
  auto found = prepared_->latest.with(key.stored(), attempt).step();
  if (!found) return found.error();
  if (!*found) return std::optional<config::PicoUsd>();
  const config::PicoUsd cost{prepared_->latest.integer(0)};
  prepared_->latest.reset();
  return std::optional(cost);
}

}  // namespace gateway

#include "gateway/ledger/account_sums.h"

#include <cstdint>
#include <limits>

#include <fmt/format.h>

#include "gateway/ledger/record_rows.h"
#include "gateway/ledger/sums.h"
#include "gateway/ledger/time_cover.h"

namespace gateway {

using config::Result;

namespace {

constexpr std::int64_t kForever = std::numeric_limits<std::int64_t>::max();

// Adds `of` each row to the sum.
template <class Of>
Result<void> add_rows(sqlite::Statement& statement, MoneySum& sum, Of of) {
  for (;;) {
    auto row = statement.step();
    if (!row) return row.error();
    if (!*row) return {};
    sum += of(statement);
  }
}

}  // namespace

Result<AccountSums> AccountSums::open(sqlite::Database& database) {
  auto through =
      database.prepare("SELECT ifnull(max(through), -9223372036854775807 - 1) FROM checkpoint");
  if (!through) return through.error();
  auto slots = database.prepare(
      "SELECT usd, pico FROM account_sum WHERE kind = ?1 AND name = ?2 AND span = ?3"
      " AND slot >= ?4 AND slot < ?5");
  if (!slots) return slots.error();
  // Of an attempt, its latest row counts.
  auto rest = database.prepare(
      "SELECT r.cost FROM record r JOIN series s ON s.id = r.series"
      " WHERE r.started >= ?1 AND r.started < ?2 AND r.cost IS NOT NULL"
      " AND ?4 = CASE ?3 WHEN 1 THEN s.team WHEN 2 THEN s.key ELSE ?4 END"
      " AND NOT EXISTS (SELECT 1 FROM record n WHERE n.request = r.request"
      " AND n.attempt = r.attempt AND n.revision = r.revision + 1)");
  if (!rest) return rest.error();
  return AccountSums(*std::move(through), *std::move(slots), *std::move(rest));
}

Result<config::PicoUsd> AccountSums::spent(Names& names, const AccountId& account,
                                           config::Clock::Wall since) {
  auto name = names.find(account.name);
  if (!name) return name.error();
  const std::optional<std::int64_t>& known = *name;
  if (!known) return config::PicoUsd{};
  const std::int64_t id = *known;
  const int kind = static_cast<int>(account.kind);
  const auto row = through_.with().step();
  if (!row) return row.error();
  const TimeCover spans = cover(to_micros(since), kForever, through_.integer(0));
  through_.reset();
  MoneySum sum = 0;
  for (const Slots& slots : spans.slots) {
    auto added = add_rows(slots_.with(kind, id, slots.span, slots.begin, slots.end), sum,
                          [](const auto& row) { return joined(row.integer(0), row.integer(1)); });
    if (!added) return added.error();
  }
  for (const Micros& rest : spans.rest) {
    auto added = add_rows(rest_.with(rest.begin, rest.end, kind, id), sum,
                          [](const auto& row) { return row.integer(0); });
    if (!added) return added.error();
  }
  if (sum < std::numeric_limits<std::int64_t>::min() || sum > kForever) {
    return config::failure(config::ErrorCode::internal, "The sum of this budget is beyond reach.",
                           fmt::format("{} USD", to_usd(sum)));
  }
  return config::PicoUsd{static_cast<std::int64_t>(sum)};
}

}  // namespace gateway

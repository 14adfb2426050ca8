#include "gateway/ledger/roll_up.h"

#include <utility>

#include <fmt/format.h>

#include "gateway/ledger/account_id.h"
#include "gateway/ledger/time_cover.h"

namespace gateway {

using config::Result;

Result<void> RollUp::add(Names& names, const SeriesKey& key, std::int64_t series, const Tags& tags,
                         std::int64_t started_micros, const Sums& sums) {
  const std::int64_t slot = slot_of(started_micros, kQuarter);
  const auto count = [&](bool tagged, const SeriesKey& of, std::int64_t in) {
    Quarter& quarter = quarters_[{tagged, kQuarter, slot, in}];
    quarter.names = of;
    quarter.sums.add(sums);
  };
  count(false, key, series);
  for (const auto& tag : tags) {
    auto name = names.number(tag_text(tag));
    if (!name) return name.error();
    SeriesKey of_tag = key;
    of_tag[0] = *name;
    auto tagged = names.series(of_tag);
    if (!tagged) return tagged.error();
    count(true, of_tag, *tagged);
  }
  return {};
}

std::map<Cell, Sums> RollUp::cells() const {
  std::map<Cell, Sums> out;
  for (const auto& [cell, quarter] : quarters_) {
    for (const std::int64_t span : kSpans) {
      const std::int64_t slot = slot_of(cell.slot * kMicrosPerSecond, span);
      out[{cell.tagged, span, slot, cell.series}].add(quarter.sums);
    }
  }
  return out;
}

std::map<AccountCell, MoneySum> RollUp::accounts() const {
  std::map<AccountCell, MoneySum> out;
  for (const auto& [cell, quarter] : quarters_) {
    if (cell.tagged) continue;
    const SeriesKey& names = quarter.names;
    const std::pair<AccountKind, std::int64_t> payers[] = {{AccountKind::gateway, names[0]},
                                                           {AccountKind::team, names[2]},
                                                           {AccountKind::key, names[1]}};
    for (const auto& [kind, name] : payers) {
      for (const std::int64_t span : kSpans) {
        const std::int64_t slot = slot_of(cell.slot * kMicrosPerSecond, span);
        out[{static_cast<int>(kind), name, span, slot}] += quarter.sums.cost();
      }
    }
  }
  return out;
}

namespace {

// Two sums in whole USD and a rest become one. Both rests are below 10^12, so one carry.
std::string add_money(std::string_view usd, std::string_view pico) {
  return fmt::format(
      "{0} = {0} + excluded.{0} + ({1} + excluded.{1}) / 1000000000000,"
      " {1} = ({1} + excluded.{1}) % 1000000000000",
      usd, pico);
}

}  // namespace

Result<RollUpWriter> RollUpWriter::open(sqlite::Database& database) {
  std::string counts;
  for (const char* column :
       {"attempts", "requests", "unknown_costs", "prompt", "cached_read", "cached_write",
        "audio_input", "image_input", "completion", "reasoning", "audio_output"}) {
    counts += fmt::format("{0} = {0} + excluded.{0}, ", column);
  }
  auto cell = database.prepare(fmt::format(
      "INSERT INTO rollup (tagged, span, slot, series, {})"
      " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18,"
      " ?19, ?20, ?21) ON CONFLICT (tagged, span, slot, series) DO UPDATE SET {}{}, {}, {}",
      kSumColumns, counts, add_money("reported_usd", "reported_pico"),
      add_money("priced_usd", "priced_pico"), add_money("estimated_usd", "estimated_pico")));
  if (!cell) return cell.error();
  auto account =
      database.prepare(fmt::format("INSERT INTO account_sum (kind, name, span, slot, usd, pico)"
                                   " VALUES (?1, ?2, ?3, ?4, ?5, ?6)"
                                   " ON CONFLICT (kind, name, span, slot) DO UPDATE SET {}",
                                   add_money("usd", "pico")));
  if (!account) return account.error();
  return RollUpWriter(*std::move(cell), *std::move(account));
}

Result<void> RollUpWriter::write(const RollUp& changes) {
  for (const auto& [cell, sums] : changes.cells()) {
    if (sums.empty()) continue;
    const auto& tokens = sums.tokens;
    const SplitMoney reported = split(sums.reported);
    const SplitMoney priced = split(sums.priced);
    const SplitMoney estimated = split(sums.estimated);
    auto written =
        cell_.run_with(cell.tagged, cell.span, cell.slot, cell.series, sums.attempts, sums.requests,
                       sums.unknown_costs, tokens.prompt, tokens.cached_read, tokens.cached_write,
                       tokens.audio_input, tokens.image_input, tokens.completion, tokens.reasoning,
                       tokens.audio_output, reported.usd, reported.pico, priced.usd, priced.pico,
                       estimated.usd, estimated.pico);
    if (!written) return written.error();
  }
  for (const auto& [cell, cost] : changes.accounts()) {
    if (cost == 0) continue;
    const SplitMoney parts = split(cost);
    auto written =
        account_.run_with(cell.kind, cell.name, cell.span, cell.slot, parts.usd, parts.pico);
    if (!written) return written.error();
  }
  return {};
}

Sums read_sums(const sqlite::Statement& row, int first) {
  Sums out;
  out.attempts = row.integer(first++);
  out.requests = row.integer(first++);
  out.unknown_costs = row.integer(first++);
  auto& tokens = out.tokens;
  for (auto* bucket :
       {&tokens.prompt, &tokens.cached_read, &tokens.cached_write, &tokens.audio_input,
        &tokens.image_input, &tokens.completion, &tokens.reasoning, &tokens.audio_output}) {
    *bucket = row.integer(first++);
  }
  for (auto* money : {&out.reported, &out.priced, &out.estimated}) {
    *money = joined(row.integer(first), row.integer(first + 1));
    first += 2;
  }
  return out;
}

}  // namespace gateway

#include "gateway/ledger/roll_up.h"

#include <utility>

#include <fmt/format.h>

#include "gateway/ledger/account_id.h"
#include "gateway/ledger/time_cover.h"

namespace gateway {

using config::Result;

Result<void> RollUp::add(Names& names, const SeriesKey& key, std::int64_t series, const Tags& tags,
                         std::int64_t started_micros, const Sums& sums) {
  const auto count = [&](bool tagged, std::int64_t in) {
    for (const std::int64_t span : kSpans) {
      cells[{tagged, span, slot_of(started_micros, span), in}].add(sums);
    }
  };
  count(false, series);
  for (const auto& tag : tags) {
    auto name = names.number(tag_text(tag));
    if (!name) return name.error();
    SeriesKey of_tag = key;
    of_tag[0] = *name;
    auto tagged = names.series(of_tag);
    if (!tagged) return tagged.error();
    count(true, *tagged);
  }
  if (sums.cost() == 0) return {};
  const std::pair<AccountKind, std::int64_t> payers[] = {
      {AccountKind::gateway, key[0]}, {AccountKind::team, key[2]}, {AccountKind::key, key[1]}};
  for (const auto& [kind, name] : payers) {
    for (const std::int64_t span : kSpans) {
      accounts[{static_cast<int>(kind), name, span, slot_of(started_micros, span)}] += sums.cost();
    }
  }
  return {};
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
  for (const auto& [cell, sums] : changes.cells) {
    if (sums.empty()) continue;
    const auto& tokens = sums.tokens;
    const SplitMoney reported = split(sums.reported);
    const SplitMoney priced = split(sums.priced);
    const SplitMoney estimated = split(sums.estimated);
    cell_.with(cell.tagged, cell.span, cell.slot, cell.series, sums.attempts, sums.requests,
               sums.unknown_costs, tokens.prompt, tokens.cached_read, tokens.cached_write,
               tokens.audio_input, tokens.image_input, tokens.completion, tokens.reasoning,
               tokens.audio_output, reported.usd, reported.pico, priced.usd, priced.pico,
               estimated.usd, estimated.pico);
    auto written = cell_.run();
    if (!written) return written.error();
  }
  for (const auto& [cell, cost] : changes.accounts) {
    if (cost == 0) continue;
    const SplitMoney parts = split(cost);
    account_.with(cell.kind, cell.name, cell.span, cell.slot, parts.usd, parts.pico);
    auto written = account_.run();
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

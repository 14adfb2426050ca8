#include "gateway/ledger/verify_accounts.h"

#include <optional>

#include <fmt/format.h>

#include "config/calendar.h"
#include "gateway/ledger/account_id.h"
#include "gateway/ledger/record_rows.h"
#include "gateway/ledger/time_cover.h"

namespace gateway {
namespace {

// A number for a slot that nobody can foresee summands to cancel out with by accident.
std::uint64_t weight_of(std::int64_t slot) {
  std::uint64_t x = static_cast<std::uint64_t>(slot) + 0x9E3779B97F4A7C15U;
  x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9U;
  x = (x ^ x >> 27) * 0x94D049BB133111EBU;
  return (x ^ x >> 31) | 1;
}

std::string called(Names& names, const std::pair<int, std::int64_t>& account) {
  auto name = names.text(account.second);
  if (!name) return fmt::format("account {}", account.second);
  return fmt::format("account '{}'", *name);
}

}  // namespace

void AccountsVerifier::paid(const SeriesKey& names, std::int64_t slot, MoneySum cost) {
  const MoneyDifference share = static_cast<MoneyDifference>(cost) * weight_of(slot);
  const Account payers[] = {{static_cast<int>(AccountKind::gateway), names[0]},
                            {static_cast<int>(AccountKind::team), names[2]},
                            {static_cast<int>(AccountKind::key), names[1]}};
  for (const Account& payer : payers) paid_[payer] += share;
}

// In the order they are stored in: account by account, of each quarters, hours, days.
config::Result<std::int64_t> AccountsVerifier::verify(sqlite::Database& reader, Names& names,
                                                      const Found& found) {
  auto select = reader.prepare(
      "SELECT kind, name, span, slot, usd, pico FROM account_sum ORDER BY kind, name, span, slot");
  if (!select) return select.error();
  std::int64_t count = 0;
  std::optional<Account> current;
  std::map<SpanSlot, MoneyDifference> levels;  // of the current one
  for (;;) {
    auto row = select->step();
    if (!row) return row.error();
    const Account account{static_cast<int>(select->integer(0)), select->integer(1)};
    if (current && (!*row || account != *current)) {
      for (const auto& [at, difference] : levels) {
        if (difference == 0) continue;
        found(wrong_sum(called(names, *current), at.first, at.second, "parts"));
      }
      levels.clear();
    }
    if (!*row) break;
    current = account;
    ++count;
    const std::int64_t span = select->integer(2);
    const std::int64_t slot = select->integer(3);
    const auto cost = static_cast<MoneyDifference>(joined(select->integer(4), select->integer(5)));
    if (span == kQuarter) paid_[account] -= cost * weight_of(slot);
    if (span != kQuarter) levels[{span, slot}] -= cost;
    if (span == kDay) continue;
    const std::int64_t longer = span == kQuarter ? kHour : kDay;
    levels[{longer, slot - ((slot % longer + longer) % longer)}] += cost;
  }
  for (const auto& [account, difference] : paid_) {
    if (difference == 0) continue;
    found(fmt::format("the sums of {} are not those of its records", called(names, account)));
  }
  return count;
}

std::string wrong_sum(std::string_view whose, std::int64_t span, std::int64_t slot,
                      std::string_view of) {
  const auto from = config::rfc3339(from_micros(slot * kMicrosPerSecond), "UTC");
  return fmt::format("the sum of {} for {} s from {} is not that of its {}", whose, span, from, of);
}

}  // namespace gateway

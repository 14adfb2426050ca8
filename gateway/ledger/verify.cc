#include "gateway/ledger/verify.h"

#include <algorithm>
#include <limits>
#include <map>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "config/calendar.h"
#include "gateway/ledger/chain.h"
#include "gateway/ledger/record_rows.h"
#include "gateway/ledger/roll_up.h"
#include "gateway/ledger/time_cover.h"

namespace gateway {
namespace {

using config::Result;

constexpr std::size_t kMostFindings = 20;
constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::min();

std::string utc(std::int64_t seconds) {
  return config::rfc3339(from_micros(seconds * kMicrosPerSecond), "UTC");
}

class Verifier {
 public:
  Verifier(sqlite::Database& database, Names names)
      : database_(database), names_(std::move(names)) {}

  Result<Verdict> run() {
    for (const auto part : {&Verifier::structure, &Verifier::chain, &Verifier::sums,
                            &Verifier::levels, &Verifier::account_levels}) {
      auto done = (this->*part)();
      if (!done) return done.error();
    }
    return std::move(verdict_);
  }

 private:
  void found(std::string finding) {
    ++verdict_.faults;
    if (verdict_.findings.size() < kMostFindings) verdict_.findings.push_back(std::move(finding));
  }

  Result<void> structure() {
    auto select = database_.prepare("PRAGMA integrity_check(20)");
    if (!select) return select.error();
    for (;;) {
      auto row = select->step();
      if (!row) return row.error();
      if (!*row) return {};
      std::string line(select->text(0));
      std::replace(line.begin(), line.end(), '\n', ' ');
      if (line != "ok") found(fmt::format("the file's structure: {}", line));
    }
  }

  Result<void> chain() {
    auto identity = database_.text("SELECT value FROM meta WHERE name = 'identity'");
    if (!identity) return identity.error();
    config::Sha256 before = first_link(*identity);
    std::int64_t last = 0;
    auto checkpoint =
        database_.prepare("SELECT id, hash, through FROM checkpoint ORDER BY id DESC LIMIT 1");
    if (!checkpoint) return checkpoint.error();
    auto row = checkpoint->step();
    if (!row) return row.error();
    if (*row) {
      last = checkpoint->integer(0);
      through_ = checkpoint->integer(2);
      const std::string_view hash = checkpoint->blob(1);
      if (hash.size() == before.size()) std::copy(hash.begin(), hash.end(), before.begin());
    }
    verdict_.removed = last;
    auto walked = walk(last, before);
    if (!walked) return walked.error();
    return head(last, before);
  }

  // Goes on with the hash that is stored, so that one changed record is one finding.
  Result<void> walk(std::int64_t& last, config::Sha256& before) {
    auto select = prepare_select(database_, "ORDER BY r.id");
    if (!select) return select.error();
    for (;;) {
      auto row = select->step();
      if (!row) return row.error();
      if (!*row) return {};
      auto read = read_row(*select, names_);
      if (!read) {
        found(read.error().detail);
        last = select->integer(0);
        continue;
      }
      ++verdict_.records;
      if (read->id != last + 1) {
        found(read->id == last + 2
                  ? fmt::format("record {} is missing", last + 1)
                  : fmt::format("records {} to {} are missing", last + 1, read->id - 1));
      } else if (next_link(before, read->record, read->revision) != read->hash) {
        found(fmt::format("record {} (request {}, attempt {}) is not as it was written", read->id,
                          read->record.request, read->record.attempt));
      }
      last = read->id;
      before = read->hash;
    }
  }

  Result<void> head(std::int64_t last, const config::Sha256& hash) {
    auto head = database_.text("SELECT ifnull((SELECT value FROM meta WHERE name = 'head'), '')");
    if (!head) return head.error();
    if (last == 0 && head->empty()) return {};
    const std::string expected = fmt::format("{} {}", last, config::to_hex(hash));
    if (*head == expected) return {};
    found(fmt::format("the chain ends with record {}, and should end with record {}{}", last,
                      head->substr(0, head->find(' ')),
                      head->starts_with(fmt::format("{} ", last)) ? ", another one" : ""));
    return {};
  }

  // Day by day, so that memory holds the sums of one day only.
  Result<void> sums() {
    auto days = days_with_anything();
    if (!days) return days.error();
    for (const std::int64_t day : *days) {
      auto done = compare_day(day);
      if (!done) return done.error();
    }
    return {};
  }

  Result<std::vector<std::int64_t>> days_with_anything() {
    const std::int64_t whole = through_ == kNever ? kNever : slot_of(through_, kDay);
    auto select = database_.prepare(
        "SELECT DISTINCT slot - (slot % 86400 + 86400) % 86400 FROM rollup WHERE tagged = 0"
        " UNION SELECT DISTINCT slot - (slot % 86400 + 86400) % 86400 FROM account_sum"
        " UNION SELECT DISTINCT started / 1000000 - (started / 1000000 % 86400 + 86400) % 86400"
        " FROM record ORDER BY 1");
    if (!select) return select.error();
    std::vector<std::int64_t> out;
    for (;;) {
      auto row = select->step();
      if (!row) return row.error();
      if (!*row) return out;
      if (whole == kNever || select->integer(0) > whole) out.push_back(select->integer(0));
    }
  }

  Result<void> compare_day(std::int64_t day) {
    RollUp expected;
    auto added = add_records(day, expected);
    if (!added) return added.error();
    auto select = database_.prepare(
        fmt::format("SELECT tagged, span, slot, series, {} FROM rollup WHERE tagged = ?1"
                    " AND span = ?2 AND slot >= ?3 AND slot < ?4",
                    kSumColumns));
    if (!select) return select.error();
    for (const bool tagged : {false, true}) {
      for (const std::int64_t span : kSpans) {
        select->with(tagged, span, day, day + kDay);
        for (;;) {
          auto row = select->step();
          if (!row) return row.error();
          if (!*row) break;
          ++verdict_.sums;
          const Cell cell{tagged, span, select->integer(2), select->integer(3)};
          const auto wanted = expected.cells.find(cell);
          const Sums stored = read_sums(*select, 4);
          if (wanted == expected.cells.end() ? !stored.empty() : !(stored == wanted->second)) {
            wrong_sum(cell.slot, span, fmt::format("series {}", cell.series));
          }
          if (wanted != expected.cells.end()) expected.cells.erase(wanted);
        }
      }
    }
    for (const auto& [cell, sums] : expected.cells) {
      if (!sums.empty()) wrong_sum(cell.slot, cell.span, fmt::format("series {}", cell.series));
    }
    return compare_accounts(day, expected);
  }

  Result<void> compare_accounts(std::int64_t day, RollUp& expected) {
    auto select = database_.prepare(
        "SELECT a.kind, a.name, a.slot, a.usd, a.pico, n.text FROM account_sum a"
        " JOIN name n ON n.id = a.name WHERE a.span = ?1 AND a.slot >= ?2 AND a.slot < ?3");
    if (!select) return select.error();
    for (const std::int64_t span : kSpans) {
      select->with(span, day, day + kDay);
      for (;;) {
        auto row = select->step();
        if (!row) return row.error();
        if (!*row) break;
        ++verdict_.sums;
        const AccountCell cell{static_cast<int>(select->integer(0)), select->integer(1), span,
                               select->integer(2)};
        const MoneySum stored = joined(select->integer(3), select->integer(4));
        if (expected.accounts[cell] != stored) {
          wrong_sum(cell.slot, span, fmt::format("account '{}'", select->text(5)));
        }
        expected.accounts.erase(cell);
      }
    }
    for (const auto& [cell, cost] : expected.accounts) {
      if (cost != 0) wrong_sum(cell.slot, cell.span, fmt::format("account {}", cell.name));
    }
    return {};
  }

  void wrong_sum(std::int64_t slot, std::int64_t span, std::string_view whose) {
    found(fmt::format("the sum of {} for {} s from {} is not that of its records", whose, span,
                      utc(slot)));
  }

  Result<void> add_records(std::int64_t day, RollUp& out) {
    if (!of_day_) {
      auto select = prepare_select(database_,
                                   "WHERE r.started >= ?1 AND r.started < ?2 AND NOT EXISTS"
                                   " (SELECT 1 FROM record n WHERE n.request = r.request"
                                   " AND n.attempt = r.attempt AND n.revision = r.revision + 1)");
      if (!select) return select.error();
      of_day_.emplace(*std::move(select));
    }
    of_day_->with(day * kMicrosPerSecond, (day + kDay) * kMicrosPerSecond);
    for (;;) {
      auto row = of_day_->step();
      if (!row) return row.error();
      if (!*row) return {};
      auto read = read_row(*of_day_, names_);
      if (!read) continue;  // told by walk()
      auto added = add_record(read->record, out);
      if (!added) found(fmt::format("record {}: {}", read->id, added.error().detail));
    }
  }

  // Names that are not there would be made; on a connection that only reads, that is an
  // Error, and the right one.
  Result<void> add_record(const UsageRecord& record, RollUp& out) {
    auto key = series_key(names_, record);
    if (!key) return key.error();
    auto series = names_.series(*key);
    if (!series) return series.error();
    return out.add(names_, *key, *series, record.tags, to_micros(record.started), sums_of(record));
  }

  // Quarters add up to hours and hours to days, wherever records are gone too.
  Result<void> levels() {
    for (const auto& [shorter, longer] : {std::pair{kQuarter, kHour}, std::pair{kHour, kDay}}) {
      const std::string both = fmt::format(
          "SELECT tagged, series, slot - (slot % {1} + {1}) % {1} AS at, 1 AS sign, {0} FROM rollup"
          " WHERE span = {2} UNION ALL SELECT tagged, series, slot, -1, {0} FROM rollup"
          " WHERE span = {1}",
          kSumColumns, longer, shorter);
      auto done = compare_levels(
          fmt::format("SELECT at, series FROM ({}) GROUP BY tagged, series, at HAVING"
                      " sum(sign * attempts) <> 0 OR sum(sign * requests) <> 0"
                      " OR sum(sign * unknown_costs) <> 0 OR sum(sign * prompt) <> 0"
                      " OR sum(sign * cached_read) <> 0 OR sum(sign * cached_write) <> 0"
                      " OR sum(sign * audio_input) <> 0 OR sum(sign * image_input) <> 0"
                      " OR sum(sign * completion) <> 0 OR sum(sign * reasoning) <> 0"
                      " OR sum(sign * audio_output) <> 0"
                      " OR {} OR {} OR {}",
                      both, money_differs("reported_usd", "reported_pico"),
                      money_differs("priced_usd", "priced_pico"),
                      money_differs("estimated_usd", "estimated_pico")),
          longer, "series");
      if (!done) return done;
    }
    return {};
  }

  Result<void> account_levels() {
    for (const auto& [shorter, longer] : {std::pair{kQuarter, kHour}, std::pair{kHour, kDay}}) {
      const std::string both = fmt::format(
          "SELECT kind, name, slot - (slot % {0} + {0}) % {0} AS at, 1 AS sign, usd, pico"
          " FROM account_sum WHERE span = {1} UNION ALL SELECT kind, name, slot, -1, usd, pico"
          " FROM account_sum WHERE span = {0}",
          longer, shorter);
      auto done =
          compare_levels(fmt::format("SELECT at, name FROM ({}) GROUP BY kind, name, at HAVING {}",
                                     both, money_differs("usd", "pico")),
                         longer, "account");
      if (!done) return done;
    }
    return {};
  }

  // Whole USD and rests may carry differently; together they are equal or not.
  static std::string money_differs(std::string_view usd, std::string_view pico) {
    return fmt::format(
        "sum(sign * {0}) + sum(sign * {1}) / 1000000000000 <> 0"
        " OR sum(sign * {1}) % 1000000000000 <> 0",
        usd, pico);
  }

  Result<void> compare_levels(const std::string& sql, std::int64_t span, std::string_view what) {
    auto select = database_.prepare(sql);
    if (!select) return select.error();
    for (;;) {
      auto row = select->step();
      if (!row) return row.error();
      if (!*row) return {};
      found(fmt::format("the sum of {} {} for {} s from {} is not that of its parts", what,
                        select->integer(1), span, utc(select->integer(0))));
    }
  }

  sqlite::Database& database_;
  Names names_;
  std::optional<sqlite::Statement> of_day_;
  std::int64_t through_ = kNever;
  Verdict verdict_;
};

}  // namespace

Result<Verdict> verify(sqlite::Database& reader) {
  auto transaction = sqlite::Transaction::begin(reader, sqlite::Transaction::Kind::read);
  if (!transaction) return transaction.error();
  auto names = Names::open(reader);
  if (!names) return names.error();
  Verifier verifier(reader, *std::move(names));
  return verifier.run();
}

}  // namespace gateway

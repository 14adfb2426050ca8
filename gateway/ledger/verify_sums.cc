#include "gateway/ledger/verify_sums.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "gateway/ledger/difference.h"
#include "gateway/ledger/record_rows.h"
#include "gateway/ledger/roll_up_reader.h"
#include "gateway/ledger/time_cover.h"
#include "gateway/ledger/verify_accounts.h"

namespace gateway {
namespace {

using config::Result;

struct SlotSeries {
  std::int64_t slot = 0;
  std::int64_t series = 0;
  friend auto operator<=>(const SlotSeries&, const SlotSeries&) = default;
};
struct Hash {
  std::size_t operator()(const SlotSeries& key) const {
    return static_cast<std::size_t>(key.slot) * 0x9E3779B97F4A7C15U ^
           static_cast<std::size_t>(key.series) * 0xC2B2AE3D27D4EB4FU;
  }
};
using Differences = std::unordered_map<SlotSeries, Difference, Hash>;

// Seconds from which on microseconds would not fit.
constexpr std::int64_t kFarthest = 9'000'000'000'000;

class SumsVerifier {
 public:
  static Result<SumsVerifier> open(sqlite::Database& reader, Names& names,
                                   const SumsToVerify& what) {
    auto sums = RollUpReader::open(reader);
    if (!sums) return sums.error();
    const std::string columns =
        "r.id, r.series, r.started, r.attempt, r.revision, r.request, r.tags, r.prompt,"
        " r.cached_read, r.cached_write, r.audio_input, r.image_input, r.completion, r.reasoning,"
        " r.audio_output, r.cost, r.cost_source";
    auto records = reader.prepare(
        fmt::format("SELECT {} FROM record r WHERE r.started >= ?1 AND r.started < ?2", columns));
    if (!records) return records.error();
    auto before =
        reader.prepare(fmt::format("SELECT {} FROM record r WHERE r.request = ?1 AND r.attempt = ?2"
                                   " AND r.revision = ?3 - 1",
                                   columns));
    if (!before) return before.error();
    auto series =
        reader.prepare("SELECT tag, key, team, model, provider, target FROM series WHERE id = ?1");
    if (!series) return series.error();
    auto none = names.find("");
    if (!none) return none.error();
    return SumsVerifier(reader, names, what, *std::move(sums), *std::move(records),
                        *std::move(before), *std::move(series), *none);
  }

  Result<std::int64_t> run() {
    std::int64_t from = -kFarthest;
    for (;;) {
      auto day = day_with_anything(from);
      if (!day) return day.error();
      const auto& there = *day;
      if (!there) break;
      if (*there > kFarthest) {
        what_->found("there are sums of a time that cannot be");
        break;
      }
      what_->reached(*there);
      auto done = day_of_sums(*there);
      if (!done) return done.error();
      from = *there + kDay;
    }
    auto of_accounts = accounts_.verify(*reader_, *names_, what_->found);
    if (!of_accounts) return of_accounts.error();
    return count_ + *of_accounts;
  }

 private:
  SumsVerifier(sqlite::Database& reader, Names& names, const SumsToVerify& what, RollUpReader sums,
               sqlite::Statement records, sqlite::Statement before, sqlite::Statement series,
               std::optional<std::int64_t> none)
      : reader_(&reader),
        names_(&names),
        what_(&what),
        sums_(std::move(sums)),
        records_(std::move(records)),
        before_(std::move(before)),
        series_(std::move(series)),
        none_(none) {}

  // The first from `from` on (seconds).
  Result<std::optional<std::int64_t>> day_with_anything(std::int64_t from) {
    std::string slots;
    for (const char* table : {"rollup", "packed_rollup"}) {
      for (const int tagged : {0, 1}) {
        for (const std::int64_t span : kSpans) {
          slots += fmt::format(
              "{}SELECT min(slot) AS at FROM {} WHERE tagged = {} AND span = {} AND slot >= {}",
              slots.empty() ? "" : " UNION ALL ", table, tagged, span, from);
        }
      }
    }
    std::optional<std::int64_t> day;
    for (const auto& [sql, unit] :
         {std::pair{fmt::format("SELECT min(at) FROM ({})", slots), std::int64_t{1}},
          std::pair{fmt::format("SELECT min(started) FROM record WHERE started >= {}",
                                from * kMicrosPerSecond),
                    kMicrosPerSecond}}) {
      auto select = reader_->prepare(sql);
      if (!select) return select.error();
      auto row = select->step();
      if (!row) return row.error();
      const auto at = select->maybe_integer(0);
      if (!at) continue;
      const std::int64_t found =
          unit == 1 ? *at - ((*at % kDay + kDay) % kDay) : slot_of(*at, kDay);
      day = std::min(day.value_or(found), found);
    }
    return day;
  }

  // Quarters are the sums of their records, hours those of their quarters, the day of its hours.
  Result<void> day_of_sums(std::int64_t day) {
    const bool after = what_->through == std::numeric_limits<std::int64_t>::min() ||
                       day > slot_of(what_->through, kDay);
    const bool whole = after && !what_->misdated.contains(day);
    Differences of_day[2];
    for (std::int64_t hour = day; hour < day + kDay; hour += kHour) {
      auto done = hour_of_sums(hour, whole, of_day);
      if (!done) return done;
    }
    for (const bool tagged : {false, true}) {
      auto done = subtract(tagged, {kDay, day, day + kDay}, of_day[tagged]);
      if (!done) return done;
      report(of_day[tagged], kDay, "parts");
    }
    return {};
  }

  Result<void> hour_of_sums(std::int64_t hour, bool whole, Differences (&of_day)[2]) {
    Differences of_records[2];
    Differences of_hour[2];
    if (whole) {
      auto done = add_records(hour, of_records);
      if (!done) return done;
    }
    const std::int64_t day = hour - ((hour % kDay + kDay) % kDay);
    for (const bool tagged : {false, true}) {
      auto& quarters = of_records[tagged];
      auto& hours = of_hour[tagged];
      Result<void> known;
      auto done = read(tagged, {kQuarter, hour, hour + kHour},
                       [&](std::int64_t slot, std::int64_t series, const Sums& sums) {
                         ++count_;
                         if (whole) quarters[{slot, series}].subtract(sums);
                         hours[{hour, series}].add(sums);
                         if (!tagged && known && sums.cost() != 0)
                           known = pay(series, slot, sums.cost());
                       });
      if (done) done = known;
      if (done) {
        done = read(tagged, {kHour, hour, hour + kHour},
                    [&](std::int64_t, std::int64_t series, const Sums& sums) {
                      ++count_;
                      hours[{hour, series}].subtract(sums);
                      of_day[tagged][{day, series}].add(sums);
                    });
      }
      if (!done) return done;
      report(quarters, kQuarter, "records");
      report(hours, kHour, "parts");
    }
    return {};
  }

  template <class Each>
  Result<void> read(bool tagged, const Slots& slots, Each each) {
    auto done = sums_.read(tagged, slots, each);
    if (done || !sums_.damaged()) return done;
    what_->found(done.error().detail);
    return {};
  }

  Result<void> subtract(bool tagged, const Slots& slots, Differences& from) {
    return read(tagged, slots, [&](std::int64_t slot, std::int64_t series, const Sums& sums) {
      ++count_;
      from[{slot, series}].subtract(sums);
    });
  }

  Result<void> pay(std::int64_t series, std::int64_t slot, MoneySum cost) {
    auto numbers = numbers_of(series);
    if (!numbers) return numbers.error();
    accounts_.paid(**numbers, slot, cost);
    return {};
  }

  void report(const Differences& differences, std::int64_t span, std::string_view of) {
    std::vector<SlotSeries> wrong;
    for (const auto& [key, difference] : differences) {
      if (!difference.none()) wrong.push_back(key);
    }
    std::sort(wrong.begin(), wrong.end());
    for (const auto& [slot, series] : wrong) {
      what_->found(wrong_sum(fmt::format("series {}", series), span, slot, of));
    }
  }

  // Of an attempt the latest row counts: a correction takes back what the row before it added.
  Result<void> add_records(std::int64_t hour, Differences (&out)[2]) {
    records_.with(hour * kMicrosPerSecond, (hour + kHour) * kMicrosPerSecond);
    for (;;) {
      auto row = records_.step();
      if (!row) return row.error();
      if (!*row) return {};
      auto done = add_record(records_, out, &Difference::add);
      if (!done) return done;
      if (records_.integer(4) == 0) continue;
      const StoredRequest request = records_.is_text(5)
                                        ? StoredRequest(records_.text(5))
                                        : StoredRequest(sqlite::Blob{records_.blob(5)});
      auto found = before_.with(request, records_.integer(3), records_.integer(4)).step();
      if (!found) return found.error();
      if (*found) done = add_record(before_, out, &Difference::subtract);
      before_.reset();
      if (!done) return done;
    }
  }

  Result<void> add_record(const sqlite::Statement& row, Differences (&out)[2],
                          void (Difference::*combine)(const Sums&)) {
    const std::int64_t source = row.integer(16);
    if (source < 0 || source > static_cast<int>(providers::Source::unknown)) return {};
    UsageRecord& record = scratch_;
    record.attempt = static_cast<int>(row.integer(3));
    providers::Usage& usage = record.usage;
    int at = 7;
    for (auto* count :
         {&usage.prompt, &usage.cached_read, &usage.cached_write, &usage.audio_input,
          &usage.image_input, &usage.completion, &usage.reasoning, &usage.audio_output}) {
      *count = row.maybe_integer(at++);
    }
    const auto cost = row.maybe_integer(at);
    record.cost.amount = cost ? std::optional(config::PicoUsd{*cost}) : std::nullopt;
    record.cost.source = static_cast<providers::Source>(source);
    const Sums sums = sums_of(record);
    const std::int64_t series = row.integer(1);
    const std::int64_t slot = slot_of(row.integer(2), kQuarter);
    auto tagged = series_of_tags(series, row.integer(6), row.integer(0));
    if (!tagged) return tagged.error();
    (out[0][{slot, series}].*combine)(sums);
    for (const std::int64_t of_tag : **tagged) (out[1][{slot, of_tag}].*combine)(sums);
    return {};
  }

  // Of a record of this series with these tags, `tags` being their name's number.
  Result<const std::vector<std::int64_t>*> series_of_tags(std::int64_t series, std::int64_t tags,
                                                          std::int64_t record) {
    constexpr std::size_t kMostKept = 200'000;
    if (const auto known = of_tags_.find({tags, series}); known != of_tags_.end()) {
      return &known->second;
    }
    auto text = names_->text(tags);
    if (!text) return text.error();
    auto numbers = numbers_of(series);
    if (!numbers) return numbers.error();
    std::vector<std::int64_t> out;
    if (none_ && (**numbers)[0] != *none_) {
      what_->found(fmt::format("record {} stands in the series of a tag", record));
    }
    for (const auto& tag : parse_tags(*text)) {
      auto name = names_->find(tag_text(tag));
      if (!name) return name.error();
      std::optional<std::int64_t> there = *name;
      SeriesKey of_tag = **numbers;
      if (there) {
        of_tag[0] = *there;
        auto found = names_->find_series(of_tag);
        if (!found) return found.error();
        there = *found;
      }
      if (there) {
        out.push_back(*there);
      } else {
        what_->found(fmt::format("record {}: there is no series of its tag", record));
      }
    }
    if (of_tags_.size() >= kMostKept) of_tags_.clear();
    return &(of_tags_[{tags, series}] = std::move(out));
  }

  Result<const SeriesKey*> numbers_of(std::int64_t series) {
    if (const auto known = numbers_.find(series); known != numbers_.end()) return &known->second;
    auto found = series_.with(series).step();
    if (!found) return found.error();
    if (!*found) {
      return config::failure(config::ErrorCode::internal, "The ledger is damaged.",
                             fmt::format("there is no series {}", series));
    }
    SeriesKey out{};
    for (std::size_t i = 0; i < out.size(); ++i) out[i] = series_.integer(static_cast<int>(i));
    series_.reset();
    return &(numbers_[series] = out);
  }

  sqlite::Database* reader_;
  Names* names_;
  const SumsToVerify* what_;
  RollUpReader sums_;
  sqlite::Statement records_;
  sqlite::Statement before_;  // the row that a correction stands in for
  sqlite::Statement series_;
  std::optional<std::int64_t> none_;  // number of the empty name

  UsageRecord scratch_;
  std::unordered_map<std::int64_t, SeriesKey> numbers_;
  std::unordered_map<SlotSeries, std::vector<std::int64_t>, Hash> of_tags_;
  AccountsVerifier accounts_;
  std::int64_t count_ = 0;
};

}  // namespace

Result<std::int64_t> verify_sums(sqlite::Database& reader, Names& names, const SumsToVerify& what) {
  auto verifier = SumsVerifier::open(reader, names, what);
  if (!verifier) return verifier.error();
  return verifier->run();
}

}  // namespace gateway

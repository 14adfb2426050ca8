#include "gateway/ledger/usage_report.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "gateway/ledger/names.h"
#include "gateway/ledger/record_rows.h"
#include "gateway/ledger/roll_up_reader.h"
#include "gateway/ledger/time_cover.h"

namespace gateway {
namespace {

using config::Clock;
using config::Result;
using config::Span;
using config::Window;

constexpr std::size_t kMostBuckets = 10'000;
constexpr std::size_t kMostCells = 500'000;

std::vector<Span> buckets_of(const UsageQuery& query) {
  std::vector<Span> out;
  Clock::Wall at = query.since;
  while (at < query.until && out.size() <= kMostBuckets) {
    Clock::Wall end = query.until;
    if (query.step != Step::none) {
      constexpr Window kWindows[] = {Window::total, Window::hour, Window::day, Window::week,
                                     Window::month};
      const Window window = kWindows[static_cast<std::size_t>(query.step)];
      end = std::min(end, config::window_of(window, query.zone, at).ends);
    }
    out.push_back({at, end});
    at = end;
  }
  return out;
}

// `days` local days before `at`, at the same distance from midnight.
Clock::Wall days_before(Clock::Wall at, int days, const std::string& zone) {
  Clock::Wall begins = config::window_of(Window::day, zone, at).begins;
  const auto since_midnight = at - begins;
  for (; days > 0; --days) {
    begins = config::window_of(Window::day, zone, begins - std::chrono::microseconds(1)).begins;
  }
  return begins + since_midnight;
}

Span time_before(const UsageQuery& query, Clock::Wall now) {
  const Clock::Wall reached = std::clamp(now, query.since, query.until);
  const auto midnight = [&](Clock::Wall at) {
    return config::window_of(Window::day, query.zone, at).begins == at;
  };
  if (!midnight(query.since) || !midnight(query.until)) {
    const auto length = query.until - query.since;
    return {query.since - length, reached - length};
  }
  int days = 0;
  for (Clock::Wall at = query.since; at < query.until; ++days) {
    at = config::window_of(Window::day, query.zone, at).ends;
  }
  return {days_before(query.since, days, query.zone), days_before(reached, days, query.zone)};
}

// Numbers of names, one per dimension.
using Numbers = SeriesKey;
static_assert(std::tuple_size_v<Numbers> == kDimensionNames.size());

// Which dimension may have which names.
struct Wanted {
  std::size_t dimension = 0;
  std::vector<std::int64_t> names;
};

// Reads sums of stretches of time and gives each to its group.
class Tally {
 public:
  static Result<Tally> open(sqlite::Database& reader, const UsageQuery& query, bool tagged) {
    auto names = Names::open(reader);
    if (!names) return names.error();
    auto slots = RollUpReader::open(reader);
    if (!slots) return slots.error();
    auto rest = prepare_select(reader,
                               "WHERE r.started >= ?1 AND r.started < ?2 AND NOT EXISTS"
                               " (SELECT 1 FROM record n WHERE n.request = r.request"
                               " AND n.attempt = r.attempt AND n.revision = r.revision + 1)");
    if (!rest) return rest.error();
    auto series =
        reader.prepare("SELECT tag, key, team, model, provider, target FROM series WHERE id = ?1");
    if (!series) return series.error();
    auto most = reader.integer("SELECT ifnull(max(id), 0) FROM series");
    if (!most) return most.error();
    auto through =
        reader.integer("SELECT ifnull(max(through), -9223372036854775807 - 1) FROM checkpoint");
    if (!through) return through.error();
    auto wanted = wanted_of(query, *names);
    if (!wanted) return wanted.error();
    return Tally(query, *std::move(wanted), tagged, *through, static_cast<std::size_t>(*most),
                 *std::move(names), *std::move(slots), *std::move(rest), *std::move(series));
  }

  // `add(group, sums)` for everything within.
  template <class Add>
  Result<void> read(const Span& span, Add add) {
    const TimeCover pieces = cover(to_micros(span.begins), to_micros(span.ends), through_);
    for (const Slots& slots : pieces.slots) {
      Result<void> known;
      auto done =
          slots_.read(tagged_, slots, [&](std::int64_t, std::int64_t series, const Sums& sums) {
            const auto group = group_of_series(series, known);
            if (group >= 0) add(static_cast<std::size_t>(group), sums);
          });
      if (done && !known) done = known;
      if (!done) return done;
    }
    for (const Micros& rest : pieces.rest) {
      auto done = read_records(rest, add);
      if (!done) return done;
    }
    return {};
  }

  // By number, in the order they were first met.
  const std::vector<std::vector<std::string>>& groups() const { return groups_; }

 private:
  static constexpr std::int64_t kLeftOut = -1;
  static constexpr std::int64_t kNotAsked = -2;

  Tally(const UsageQuery& query, std::vector<Wanted> wanted, bool tagged, std::int64_t through,
        std::size_t most_series, Names names, RollUpReader slots, sqlite::Statement rest,
        sqlite::Statement series)
      : query_(&query),
        wanted_(std::move(wanted)),
        tagged_(tagged),
        through_(through),
        names_(std::move(names)),
        slots_(std::move(slots)),
        rest_(std::move(rest)),
        series_(std::move(series)),
        of_series_(most_series + 1, kNotAsked) {}

  static Result<std::vector<Wanted>> wanted_of(const UsageQuery& query, Names& names) {
    std::vector<Wanted> out;
    for (const UsageFilter& filter : query.filters) {
      const auto dimension = static_cast<std::size_t>(filter.dimension);
      auto at = std::find_if(out.begin(), out.end(),
                             [&](const Wanted& one) { return one.dimension == dimension; });
      if (at == out.end()) at = out.insert(out.end(), {dimension, {}});
      auto number = names.find(filter.value);
      if (!number) return number.error();
      if (const auto& there = *number; there) at->names.push_back(*there);
    }
    return out;
  }

  template <class Add>
  Result<void> read_records(const Micros& span, Add& add) {
    rest_.with(span.begin, span.end);
    for (;;) {
      auto found = rest_.step();
      if (!found) return found.error();
      if (!*found) return {};
      auto row = read_row(rest_, names_);
      if (!row) return row.error();
      auto done = add_record(row->record, add);
      if (!done) return done;
    }
  }

  template <class Add>
  Result<void> add_record(const UsageRecord& record, Add& add) {
    const Sums sums = sums_of(record);
    const auto count = [&](std::string_view tag) -> Result<void> {
      auto numbers = numbers_of(record, tag);
      if (!numbers) return numbers.error();
      auto group = group_of(*numbers);
      if (!group) return group.error();
      if (*group >= 0) add(static_cast<std::size_t>(*group), sums);
      return {};
    };
    if (!tagged_) return count("");
    for (const auto& tag : record.tags) {
      if (auto done = count(tag_text(tag)); !done) return done;
    }
    return {};
  }

  Result<Numbers> numbers_of(const UsageRecord& record, std::string_view tag) {
    const std::string_view texts[] = {tag,
                                      record.key.view(),
                                      record.team.view(),
                                      record.model.view(),
                                      record.provider.view(),
                                      record.target.view()};
    Numbers out{};
    for (std::size_t i = 0; i < out.size(); ++i) {
      auto number = names_.find(texts[i]);
      if (!number) return number.error();
      const std::optional<std::int64_t>& there = *number;
      if (!there) return damaged(fmt::format("'{}' has no number", texts[i]));
      out[i] = *there;
    }
    return out;
  }

  // kLeftOut where `failed` says why, too.
  std::int64_t group_of_series(std::int64_t id, Result<void>& failed) {
    const auto at = static_cast<std::size_t>(id);
    if (id <= 0 || at >= of_series_.size()) {
      failed = damaged(fmt::format("there is no series {}", id));
      return kLeftOut;
    }
    if (of_series_[at] != kNotAsked) return of_series_[at];
    auto group = ask_series(id);
    if (!group) {
      failed = group.error();
      return kLeftOut;
    }
    of_series_[at] = *group;
    return *group;
  }

  Result<std::int64_t> ask_series(std::int64_t id) {
    auto found = series_.with(id).step();
    if (!found) return found.error();
    if (!*found) return damaged(fmt::format("there is no series {}", id));
    Numbers numbers{};
    for (std::size_t i = 0; i < numbers.size(); ++i) {
      numbers[i] = series_.integer(static_cast<int>(i));
    }
    series_.reset();
    return group_of(numbers);
  }

  Result<std::int64_t> group_of(const Numbers& numbers) {
    for (const Wanted& wanted : wanted_) {
      const auto& names = wanted.names;
      if (std::find(names.begin(), names.end(), numbers[wanted.dimension]) == names.end()) {
        return kLeftOut;
      }
    }
    Numbers asked{};
    for (const Dimension dimension : query_->by) {
      asked[static_cast<std::size_t>(dimension)] = numbers[static_cast<std::size_t>(dimension)];
    }
    const auto [at, is_new] = numbers_.try_emplace(asked, groups_.size());
    if (is_new) {
      auto named = name_group(numbers);
      if (!named) return named.error();
    }
    return static_cast<std::int64_t>(at->second);
  }

  Result<void> name_group(const Numbers& numbers) {
    std::vector<std::string>& names = groups_.emplace_back();
    for (const Dimension dimension : query_->by) {
      auto text = names_.text(numbers[static_cast<std::size_t>(dimension)]);
      if (!text) return text.error();
      names.push_back(*std::move(text));
    }
    return {};
  }

  static config::Error damaged(std::string detail) {
    return config::failure(config::ErrorCode::internal, "The ledger is damaged.",
                           std::move(detail));
  }

  const UsageQuery* query_;
  std::vector<Wanted> wanted_;
  bool tagged_;
  std::int64_t through_;
  Names names_;
  RollUpReader slots_;
  sqlite::Statement rest_;
  sqlite::Statement series_;
  std::vector<std::int64_t> of_series_;  // their groups, or kLeftOut or kNotAsked
  std::map<Numbers, std::size_t> numbers_;
  std::vector<std::vector<std::string>> groups_;
};

bool names_tags(const UsageQuery& query) {
  const auto is_tag = [](const UsageFilter& filter) { return filter.dimension == Dimension::tag; };
  return std::find(query.by.begin(), query.by.end(), Dimension::tag) != query.by.end() ||
         std::any_of(query.filters.begin(), query.filters.end(), is_tag);
}

bool filters_tags(const UsageQuery& query) {
  return std::any_of(query.filters.begin(), query.filters.end(),
                     [](const UsageFilter& filter) { return filter.dimension == Dimension::tag; });
}

config::Error too_much() {
  return config::invalid_request(
      "That report would have too many numbers: ask for a coarser step, a shorter time, fewer "
      "dimensions, or filter.",
      "step");
}

// The whole, where the groups do not add up to it.
Result<void> total_without_tags(sqlite::Database& reader, UsageReport& report,
                                const std::optional<Span>& before) {
  UsageQuery untagged = report.query;
  untagged.by.clear();
  auto tally = Tally::open(reader, untagged, false);
  if (!tally) return tally.error();
  report.total = {};
  auto done = tally->read({report.query.since, report.query.until},
                          [&](std::size_t, const Sums& sums) { report.total.add(sums); });
  if (!done || !before) return done;
  report.previous = 0;
  return tally->read(*before,
                     [&](std::size_t, const Sums& sums) { *report.previous += sums.cost(); });
}

}  // namespace

Result<UsageReport> usage_report(sqlite::Database& reader, const UsageQuery& query,
                                 Clock::Wall now) {
  UsageReport report{.query = query,
                     .as_of = now,
                     .buckets = buckets_of(query),
                     .partial_last = query.since <= now && now < query.until,
                     .groups = {},
                     .total = {},
                     .previous = {}};
  if (report.buckets.size() > kMostBuckets) return too_much();
  // Everything is read as of one moment.
  auto transaction = sqlite::Transaction::begin(reader, sqlite::Transaction::Kind::read);
  if (!transaction) return transaction.error();
  auto tally = Tally::open(reader, report.query, names_tags(query));
  if (!tally) return tally.error();

  auto& groups = report.groups;
  const std::size_t most_groups = kMostCells / report.buckets.size();
  const auto grow = [&](std::size_t group) {
    while (groups.size() <= group) {
      groups.push_back(
          {tally->groups()[groups.size()],
           {},
           std::nullopt,
           std::vector<Sums>(groups.size() < most_groups ? report.buckets.size() : 0)});
    }
    return group < most_groups;
  };
  for (std::size_t bucket = 0; bucket < report.buckets.size(); ++bucket) {
    auto done = tally->read(report.buckets[bucket], [&](std::size_t group, const Sums& sums) {
      if (grow(group)) groups[group].series[bucket].add(sums);
    });
    if (!done) return done.error();
    if (groups.size() > most_groups) return too_much();
  }
  for (UsageGroup& group : groups) {
    for (const Sums& sums : group.series) group.total.add(sums);
    report.total.add(group.total);
  }
  std::optional<Span> before;
  if (query.compare_previous) {
    before = time_before(query, now);
    report.previous = 0;
    for (UsageGroup& group : groups) group.previous = 0;
    auto done = tally->read(*before, [&](std::size_t group, const Sums& sums) {
      if (!grow(group)) return;
      groups[group].previous = groups[group].previous.value_or(0) + sums.cost();
      *report.previous += sums.cost();
    });
    if (!done) return done.error();
    if (groups.size() > most_groups) return too_much();
  }
  if (names_tags(query) && !filters_tags(query)) {
    auto done = total_without_tags(reader, report, before);
    if (!done) return done.error();
  }
  std::sort(groups.begin(), groups.end(), [](const UsageGroup& a, const UsageGroup& b) {
    const MoneySum left = a.total.cost();
    const MoneySum right = b.total.cost();
    return left != right ? left > right : a.names < b.names;
  });
  return report;
}

}  // namespace gateway

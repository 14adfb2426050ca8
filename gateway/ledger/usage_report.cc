#include "gateway/ledger/usage_report.h"

#include <algorithm>
#include <array>
#include <map>
#include <unordered_map>
#include <utility>

#include <fmt/format.h>

#include "gateway/ledger/names.h"
#include "gateway/ledger/record_rows.h"
#include "gateway/ledger/roll_up.h"
#include "gateway/ledger/time_cover.h"

namespace gateway {
namespace {

using config::Clock;
using config::Result;
using config::Span;
using config::Window;

constexpr std::size_t kMostBuckets = 10'000;
constexpr std::size_t kMostCells = 500'000;

using Labels = std::array<std::string, kDimensionNames.size()>;

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

// Reads sums of stretches of time and gives each to its group.
class Tally {
 public:
  static Result<Tally> open(sqlite::Database& reader, const UsageQuery& query, bool tagged) {
    auto names = Names::open(reader);
    if (!names) return names.error();
    auto slots = reader.prepare(
        fmt::format("SELECT series, {} FROM rollup WHERE tagged = ?1 AND span = ?2 AND slot >= ?3"
                    " AND slot < ?4",
                    kSumColumns));
    if (!slots) return slots.error();
    auto rest = prepare_select(reader,
                               "WHERE r.started >= ?1 AND r.started < ?2 AND NOT EXISTS"
                               " (SELECT 1 FROM record n WHERE n.request = r.request"
                               " AND n.attempt = r.attempt AND n.revision = r.revision + 1)");
    if (!rest) return rest.error();
    auto series =
        reader.prepare("SELECT tag, key, team, model, provider, target FROM series WHERE id = ?1");
    if (!series) return series.error();
    auto through =
        reader.integer("SELECT ifnull(max(through), -9223372036854775807 - 1) FROM checkpoint");
    if (!through) return through.error();
    return Tally(query, tagged, *through, *std::move(names), *std::move(slots), *std::move(rest),
                 *std::move(series));
  }

  // `add(group, sums)` for everything within.
  template <class Add>
  Result<void> read(const Span& span, Add add) {
    const TimeCover pieces = cover(to_micros(span.begins), to_micros(span.ends), through_);
    for (const Slots& slots : pieces.slots) {
      slots_.with(tagged_, slots.span, slots.begin, slots.end);
      for (;;) {
        auto row = slots_.step();
        if (!row) return row.error();
        if (!*row) break;
        auto group = group_of_series(slots_.integer(0));
        if (!group) return group.error();
        if (const auto& wanted = *group; wanted) add(*wanted, read_sums(slots_, 1));
      }
    }
    for (const Micros& rest : pieces.rest) {
      auto done = read_records(rest, add);
      if (!done) return done.error();
    }
    return {};
  }

  // By number, in the order they were first met.
  const std::vector<std::vector<std::string>>& groups() const { return groups_; }

 private:
  Tally(const UsageQuery& query, bool tagged, std::int64_t through, Names names,
        sqlite::Statement slots, sqlite::Statement rest, sqlite::Statement series)
      : query_(&query),
        tagged_(tagged),
        through_(through),
        names_(std::move(names)),
        slots_(std::move(slots)),
        rest_(std::move(rest)),
        series_(std::move(series)) {}

  template <class Add>
  Result<void> read_records(const Micros& span, Add& add) {
    rest_.with(span.begin, span.end);
    for (;;) {
      auto found = rest_.step();
      if (!found) return found.error();
      if (!*found) return {};
      auto row = read_row(rest_, names_);
      if (!row) return row.error();
      const UsageRecord& record = row->record;
      Labels labels{"",
                    record.key.str(),
                    record.team.str(),
                    record.model.str(),
                    record.provider.str(),
                    record.target.str()};
      const Sums sums = sums_of(record);
      if (!tagged_) {
        if (const auto group = group_of(labels)) add(*group, sums);
        continue;
      }
      for (const auto& tag : record.tags) {
        labels[0] = tag_text(tag);
        if (const auto group = group_of(labels)) add(*group, sums);
      }
    }
  }

  Result<std::optional<std::size_t>> group_of_series(std::int64_t id) {
    if (const auto known = of_series_.find(id); known != of_series_.end()) return known->second;
    auto found = series_.with(id).step();
    if (!found) return found.error();
    if (!*found) {
      return config::failure(config::ErrorCode::internal, "The ledger is damaged.",
                             fmt::format("there is no series {}", id));
    }
    Labels labels;
    for (std::size_t i = 0; i < labels.size(); ++i) {
      auto text = names_.text(series_.integer(static_cast<int>(i)));
      if (!text) return text.error();
      labels[i] = *std::move(text);
    }
    series_.reset();
    const auto group = group_of(labels);
    of_series_.emplace(id, group);
    return group;
  }

  // Nothing where a filter leaves it out.
  std::optional<std::size_t> group_of(const Labels& labels) {
    for (std::size_t i = 0; i < labels.size(); ++i) {
      bool asked = false;
      bool fits = false;
      for (const UsageFilter& filter : query_->filters) {
        if (static_cast<std::size_t>(filter.dimension) != i) continue;
        asked = true;
        fits = fits || filter.value == labels[i];
      }
      if (asked && !fits) return std::nullopt;
    }
    std::vector<std::string> names;
    names.reserve(query_->by.size());
    for (const Dimension dimension : query_->by) {
      names.push_back(labels[static_cast<std::size_t>(dimension)]);
    }
    const auto [at, is_new] = numbers_.try_emplace(std::move(names), groups_.size());
    if (is_new) groups_.push_back(at->first);
    return at->second;
  }

  const UsageQuery* query_;
  bool tagged_;
  std::int64_t through_;
  Names names_;
  sqlite::Statement slots_;
  sqlite::Statement rest_;
  sqlite::Statement series_;
  std::unordered_map<std::int64_t, std::optional<std::size_t>> of_series_;
  std::map<std::vector<std::string>, std::size_t> numbers_;
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

#include "gateway/ledger/usage_text.h"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

#include "gateway/ledger/csv.h"
#include "gateway/ledger/sqlite/ledger_file.h"
#include "providers/wire/json_text.h"

namespace gateway {
namespace {

using config::Clock;
using providers::append_quoted;

// A day where the moment begins one, else the moment.
std::string day_or_moment(Clock::Wall at, const std::string& zone) {
  std::string text = config::rfc3339(at, zone);
  if (std::string_view(text).substr(11, 8) == "00:00:00") text.resize(10);
  return text;
}

std::string label_of(const UsageReport& report, const config::Span& bucket) {
  std::string text = config::rfc3339(bucket.begins, report.query.zone);
  if (report.query.step != Step::hour) text.resize(10);
  return text;
}

// Four numbers to which every token belongs once.
struct Tokens {
  std::int64_t input;
  std::int64_t cached;
  std::int64_t output;
  std::int64_t reasoning;
};
Tokens tokens_of(const Sums& sums) {
  const auto& all = sums.tokens;
  return {all.prompt + all.cached_write + all.audio_input + all.image_input, all.cached_read,
          all.completion + all.audio_output, all.reasoning};
}

std::string numbers_json(const Sums& sums) {
  const Tokens tokens = tokens_of(sums);
  return fmt::format(
      R"("attempts":{},"requests":{},"tokens":{{"input":{},"cached":{},"output":{},"reasoning":{}}},)"
      R"("sure":{{"reported":"{}","priced":"{}","estimated":"{}","unknown_records":{}}})",
      sums.attempts, sums.requests, tokens.input, tokens.cached, tokens.output, tokens.reasoning,
      to_usd(sums.reported), to_usd(sums.priced), to_usd(sums.estimated), sums.unknown_costs);
}

std::string costs_json(MoneySum cost, const std::optional<MoneySum>& previous) {
  std::string out = fmt::format(R"("cost":"{}",)", to_usd(cost));
  if (previous) out += fmt::format(R"("previous":"{}",)", to_usd(*previous));
  return out;
}

std::string group_json(const UsageReport& report, const UsageGroup& group) {
  std::string out = R"({"key":{)";
  for (std::size_t i = 0; i < group.names.size(); ++i) {
    if (i > 0) out += ',';
    append_quoted(out, kDimensionNames[static_cast<std::size_t>(report.query.by[i])]);
    out += ':';
    append_quoted(out, group.names[i]);
  }
  out += "}," + costs_json(group.total.cost(), group.previous) + numbers_json(group.total);
  out += R"(,"series":[)";
  if (report.query.step != Step::none) {
    for (std::size_t i = 0; i < group.series.size(); ++i) {
      out += fmt::format("{}\"{}\"", i > 0 ? "," : "", to_usd(group.series[i].cost()));
    }
  }
  return out + "]}";
}

std::vector<std::string> row_of(const Sums& sums) {
  const Tokens tokens = tokens_of(sums);
  return {to_usd(sums.cost()),
          std::to_string(sums.requests),
          std::to_string(sums.attempts),
          std::to_string(tokens.input),
          std::to_string(tokens.cached),
          std::to_string(tokens.output),
          std::to_string(tokens.reasoning),
          to_usd(sums.reported),
          to_usd(sums.priced),
          to_usd(sums.estimated),
          std::to_string(sums.unknown_costs)};
}

constexpr const char* kColumns[] = {"cost_usd",   "requests",      "attempts",       "input",
                                    "cached",     "output",        "reasoning",      "reported_usd",
                                    "priced_usd", "estimated_usd", "unknown_records"};

std::vector<std::string> joined_row(std::vector<std::string> left,
                                    const std::vector<std::string>& right) {
  left.insert(left.end(), right.begin(), right.end());
  return left;
}

}  // namespace

std::string usage_json(const UsageReport& report, std::optional<std::int64_t> ledger_lag_ms) {
  const UsageQuery& query = report.query;
  std::string out =
      fmt::format(R"({{"as_of":"{}","zone":{},)", config::rfc3339(report.as_of, query.zone),
                  providers::quoted(query.zone));
  if (ledger_lag_ms) out += fmt::format(R"("ledger_lag_ms":{},)", *ledger_lag_ms);
  out += fmt::format(R"("since":"{}","until":"{}","step":"{}","partial_last":{},"groups":[)",
                     day_or_moment(query.since, query.zone), day_or_moment(query.until, query.zone),
                     to_string(query.step), report.partial_last);
  for (std::size_t i = 0; i < report.groups.size(); ++i) {
    if (i > 0) out += ',';
    out += group_json(report, report.groups[i]);
  }
  out += R"(],"total":{)" + costs_json(report.total.cost(), report.previous) +
         numbers_json(report.total) + R"(},"days":[)";
  if (query.step != Step::none) {
    for (std::size_t i = 0; i < report.buckets.size(); ++i) {
      out += fmt::format("{}\"{}\"", i > 0 ? "," : "", label_of(report, report.buckets[i]));
    }
  }
  return out + R"(],"marks":[]})";
}

std::string usage_csv(const UsageReport& report) {
  std::vector<std::string> head{"from_utc", "until_utc", "from_local", "until_local"};
  for (const Dimension dimension : report.query.by) {
    head.emplace_back(kDimensionNames[static_cast<std::size_t>(dimension)]);
  }
  head.insert(head.end(), std::begin(kColumns), std::end(kColumns));
  std::string out = csv_line(head);
  for (const UsageGroup& group : report.groups) {
    for (std::size_t i = 0; i < group.series.size(); ++i) {
      const Sums& sums = group.series[i];
      if (sums.empty()) continue;
      const config::Span& bucket = report.buckets[i];
      std::vector<std::string> row{config::rfc3339(bucket.begins, "UTC"),
                                   config::rfc3339(bucket.ends, "UTC"),
                                   config::rfc3339(bucket.begins, report.query.zone),
                                   config::rfc3339(bucket.ends, report.query.zone)};
      out += csv_line(joined_row(joined_row(std::move(row), group.names), row_of(sums)));
    }
  }
  return out;
}

std::string usage_table(const UsageReport& report) {
  const bool steps = report.query.step != Step::none;
  std::vector<std::vector<std::string>> rows(1);
  if (steps) rows[0].emplace_back(to_string(report.query.step));
  for (const Dimension dimension : report.query.by) {
    rows[0].emplace_back(kDimensionNames[static_cast<std::size_t>(dimension)]);
  }
  const std::size_t labels = rows[0].size();
  rows[0].insert(rows[0].end(), std::begin(kColumns), std::end(kColumns));
  for (std::size_t bucket = 0; bucket < report.buckets.size(); ++bucket) {
    for (const UsageGroup& group : report.groups) {
      if (group.series[bucket].empty()) continue;
      std::vector<std::string> row;
      if (steps) row.push_back(label_of(report, report.buckets[bucket]));
      for (const std::string& name : group.names) row.push_back(name.empty() ? "-" : name);
      rows.push_back(joined_row(std::move(row), row_of(group.series[bucket])));
    }
  }
  std::vector<std::string> total(labels);
  if (labels > 0) total[0] = "total";
  rows.push_back(joined_row(std::move(total), row_of(report.total)));

  std::vector<std::size_t> widths(rows[0].size());
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string out =
      fmt::format("{} to {}, {}\n", day_or_moment(report.query.since, report.query.zone),
                  day_or_moment(report.query.until, report.query.zone), report.query.zone);
  for (const auto& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      line += i < labels ? fmt::format("{:<{}}  ", row[i], widths[i])
                         : fmt::format("{:>{}}  ", row[i], widths[i]);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out += line + '\n';
  }
  return out;
}

config::Result<UsageAnswer> usage_answer(const std::string& path,
                                         std::span<const Parameter> parameters, Clock::Wall now,
                                         std::string_view default_zone,
                                         std::optional<std::int64_t> ledger_lag_ms) {
  constexpr std::chrono::milliseconds kPatience{2'000};
  constexpr std::size_t kMostDimensions = 2;
  bool csv = false;
  std::vector<Parameter> rest;
  for (const Parameter& parameter : parameters) {
    if (parameter.first != "format") {
      rest.push_back(parameter);
      continue;
    }
    if (parameter.second != "json" && parameter.second != "csv") {
      return config::invalid_request("'format' must be json or csv.", "format");
    }
    csv = parameter.second == "csv";
  }
  auto query = read_usage_query(rest, now, default_zone, kMostDimensions);
  if (!query) return query.error();
  auto reader = sqlite::open_for_reading(path, kPatience);
  if (!reader) return reader.error();
  auto report = usage_report(*reader, *query, now);
  if (!report) return report.error();
  if (csv) return UsageAnswer{"text/csv; charset=utf-8", usage_csv(*report)};
  return UsageAnswer{"application/json", usage_json(*report, ledger_lag_ms)};
}

}  // namespace gateway

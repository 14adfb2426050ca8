#include <algorithm>
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "gateway/cli/commands.h"
#include "gateway/cli/open_ledger.h"
#include "gateway/ledger/usage_text.h"

namespace gateway::cli {
namespace {

constexpr const char* kDefaultZone = "UTC";

// `--by team,day` asks for the dimension `team` and the step `day`.
config::Result<std::vector<Parameter>> parameters_of(const UsageOptions& options) {
  std::vector<Parameter> out;
  std::string dimensions;
  std::string step = "none";
  std::string_view rest = options.by;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find(','), rest.size());
    const std::string_view word = rest.substr(0, end);
    if (word == "hour" || word == "day" || word == "week" || word == "month") {
      if (step != "none") {
        return config::invalid_request(
            fmt::format("--by takes one of hour, day, week and month, not {} and {}.", step, word));
      }
      step = word;
    } else {
      dimensions += (dimensions.empty() ? "" : ",") + std::string(word);
    }
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  out.emplace_back("by", dimensions);
  out.emplace_back("step", step);
  if (!options.zone.empty()) out.emplace_back("zone", options.zone);
  if (!options.since.empty()) out.emplace_back("since", options.since);
  if (!options.until.empty()) out.emplace_back("until", options.until);
  for (const std::string& filter : options.filters) out.emplace_back("filter", filter);
  if (options.compare_previous) out.emplace_back("compare", "previous");
  return out;
}

int misused(const config::Error& error) {
  fmt::print(stderr, "{}\n", error.message);
  return 2;
}

}  // namespace

int usage(const UsageOptions& options) {
  const auto now = config::SystemClock().wall();
  const auto parameters = parameters_of(options);
  if (!parameters) return misused(parameters.error());
  const auto query = read_usage_query(*parameters, now, kDefaultZone, 0);
  if (!query) return misused(query.error());
  auto reader = open_ledger(options.ledger);
  if (!reader) return 2;
  const auto report = usage_report(*reader, *query, now);
  if (!report) {
    fmt::print(stderr, "{} {}\n", report.error().message, report.error().detail);
    return 1;
  }
  const std::string text = options.format == "csv"    ? usage_csv(*report)
                           : options.format == "json" ? usage_json(*report, std::nullopt) + '\n'
                                                      : usage_table(*report);
  std::fwrite(text.data(), 1, text.size(), stdout);
  return std::fflush(stdout) == 0 ? 0 : 1;
}

}  // namespace gateway::cli

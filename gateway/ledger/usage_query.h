#pragma once
// What a report is asked for, read from the words of a URL's query or a command line.
// Values; pure but for the zone database.

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/base/clock.h"
#include "config/base/error.h"

namespace gateway {

enum class Dimension : std::uint8_t { tag, key, team, model, provider, target };
inline constexpr std::array<std::string_view, 6> kDimensionNames{"tag",   "key",      "team",
                                                                 "model", "provider", "target"};

enum class Step : std::uint8_t { none, hour, day, week, month };
std::string_view to_string(Step step);

struct UsageFilter {
  Dimension dimension = Dimension::team;
  std::string value;
};

struct UsageQuery {
  std::vector<Dimension> by;
  Step step = Step::day;
  std::string zone = "UTC";
  config::Clock::Wall since;
  config::Clock::Wall until;  // exclusive
  bool compare_previous = false;
  // Those of one dimension are alternatives; of a tag, one at most.
  std::vector<UsageFilter> filters;
};

using Parameter = std::pair<std::string, std::string>;

// by (comma between), step, since, until, zone, compare=previous, filter=team:Research (any
// number). Days and times without an offset are the zone's. Without since: the last 30
// days, today included; without until: to the end of today. `most_dimensions`: 0 is no
// limit. An Error names the parameter, in its message and in `param`.
config::Result<UsageQuery> read_usage_query(std::span<const Parameter> parameters,
                                            config::Clock::Wall now, std::string_view default_zone,
                                            std::size_t most_dimensions);

}  // namespace gateway

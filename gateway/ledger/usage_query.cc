#include "gateway/ledger/usage_query.h"

#include <algorithm>
#include <date/date.h>
#include <optional>
#include <sstream>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "config/calendar.h"

namespace gateway {
namespace {

using config::Result;
using config::Window;
using std::chrono::hours;

constexpr std::array<std::string_view, 5> kStepNames{"none", "hour", "day", "week", "month"};

// The local midnight that a day begins with. Zones are less than 15 hours from UTC.
std::optional<config::Clock::Wall> local_day(const std::string& day, const std::string& zone) {
  date::sys_days utc;
  std::istringstream in(day);
  in >> date::parse("%F", utc);
  if (in.fail() || in.peek() != std::istringstream::traits_type::eof()) return std::nullopt;
  for (const int offset : {0, 12, 24, -12}) {
    const auto span = config::window_of(Window::day, zone, utc + hours(offset));
    if (config::rfc3339(span.begins, zone).substr(0, 10) == day) return span.begins;
  }
  return std::nullopt;
}

std::optional<config::Clock::Wall> moment(const std::string& text, const std::string& zone) {
  if (text.size() == 10) return local_day(text, zone);
  std::string numeric = text;
  if (numeric.ends_with('Z')) numeric.replace(numeric.size() - 1, 1, "+00:00");
  date::sys_time<std::chrono::microseconds> at;
  std::istringstream in(numeric);
  in >> date::parse("%FT%T%Ez", at);
  if (in.fail() || in.peek() != std::istringstream::traits_type::eof()) return std::nullopt;
  return config::Clock::Wall(
      std::chrono::duration_cast<config::Clock::Wall::duration>(at.time_since_epoch()));
}

std::optional<Dimension> dimension_named(std::string_view name) {
  const auto* found = std::find(kDimensionNames.begin(), kDimensionNames.end(), name);
  if (found == kDimensionNames.end()) return std::nullopt;
  return static_cast<Dimension>(found - kDimensionNames.begin());
}

class Reader {
 public:
  Reader(config::Clock::Wall now, std::string_view zone, std::size_t most)
      : now_(now), most_(most) {
    query_.zone = zone;
  }

  Result<void> take(const std::string& name, const std::string& value) {
    if (name == "by") return by(value);
    if (name == "step") return step(value);
    if (name == "since") since_ = value;
    if (name == "until") until_ = value;
    if (name == "since" || name == "until") return {};
    if (name == "zone") return zone(value);
    if (name == "compare") return compare(value);
    if (name == "filter") return filter(value);
    return config::invalid_request(
        fmt::format("There is no parameter '{}'; there are by, step, since, until, zone, compare, "
                    "filter and format.",
                    name),
        name);
  }

  Result<UsageQuery> finish() {
    const auto today = config::window_of(Window::day, query_.zone, now_);
    query_.until = today.ends;
    query_.since =
        config::window_of(Window::day, query_.zone, today.begins - hours(29 * 24 - 6)).begins;
    for (auto& [text, at, name] : {std::tuple{&since_, &query_.since, "since"},
                                   std::tuple{&until_, &query_.until, "until"}}) {
      if (text->empty()) continue;
      const auto read = moment(*text, query_.zone);
      if (!read) {
        return config::invalid_request(
            fmt::format("'{}' must be a day (2026-10-21) or a time with its offset "
                        "(2026-10-21T14:00:00+02:00), not '{}'.",
                        name, *text),
            name);
      }
      *at = *read;
    }
    if (query_.since >= query_.until) {
      return config::invalid_request("'since' must lie before 'until'.", "since");
    }
    return query_;
  }

 private:
  Result<void> by(std::string_view list) {
    query_.by.clear();
    while (!list.empty()) {
      const std::size_t end = std::min(list.find(','), list.size());
      const auto dimension = dimension_named(list.substr(0, end));
      if (!dimension) {
        return config::invalid_request(
            fmt::format("'by' takes {}, not '{}'; the steps of time are {}.",
                        fmt::join(kDimensionNames, ", "), list.substr(0, end),
                        fmt::join(kStepNames.begin() + 1, kStepNames.end(), ", ")),
            "by");
      }
      if (std::find(query_.by.begin(), query_.by.end(), *dimension) != query_.by.end()) {
        return config::invalid_request("'by' names something twice.", "by");
      }
      query_.by.push_back(*dimension);
      list.remove_prefix(std::min(end + 1, list.size()));
    }
    if (most_ == 0 || query_.by.size() <= most_) return {};
    return config::invalid_request(fmt::format("'by' takes up to {} of them.", most_), "by");
  }

  Result<void> step(std::string_view value) {
    const auto* found = std::find(kStepNames.begin(), kStepNames.end(), value);
    if (found == kStepNames.end()) {
      return config::invalid_request(
          fmt::format("'step' must be one of {}.", fmt::join(kStepNames, ", ")), "step");
    }
    query_.step = static_cast<Step>(found - kStepNames.begin());
    return {};
  }

  Result<void> zone(const std::string& value) {
    if (!config::is_zone(value)) {
      return config::invalid_request(
          fmt::format("There is no time zone '{}'; the names are those of the IANA database, as "
                      "Europe/Berlin.",
                      value),
          "zone");
    }
    query_.zone = value;
    return {};
  }

  Result<void> compare(std::string_view value) {
    if (value != "previous" && value != "none") {
      return config::invalid_request("'compare' must be previous or none.", "compare");
    }
    query_.compare_previous = value == "previous";
    return {};
  }

  Result<void> filter(std::string_view value) {
    const std::size_t colon = value.find(':');
    const auto dimension = dimension_named(value.substr(0, colon));
    if (!dimension || colon == std::string_view::npos) {
      return config::invalid_request(
          "'filter' must be what, a colon and a name, as team:Research or tag:project=x.",
          "filter");
    }
    const auto same = [](const UsageFilter& other) { return other.dimension == Dimension::tag; };
    if (*dimension == Dimension::tag &&
        std::any_of(query_.filters.begin(), query_.filters.end(), same)) {
      return config::invalid_request("'filter' takes one tag at a time.", "filter");
    }
    query_.filters.push_back({*dimension, std::string(value.substr(colon + 1))});
    return {};
  }

  config::Clock::Wall now_;
  std::size_t most_;
  std::string since_;
  std::string until_;
  UsageQuery query_;
};

}  // namespace

std::string_view to_string(Step step) {
  return kStepNames[static_cast<std::size_t>(step)];
}

Result<UsageQuery> read_usage_query(std::span<const Parameter> parameters, config::Clock::Wall now,
                                    std::string_view default_zone, std::size_t most_dimensions) {
  Reader reader(now, default_zone, most_dimensions);
  for (const auto& [name, value] : parameters) {
    auto taken = reader.take(name, value);
    if (!taken) return taken.error();
  }
  return reader.finish();
}

}  // namespace gateway

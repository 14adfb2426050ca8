#include "gateway/keys/timestamps.h"

#include <chrono>
#include <date/date.h>
#include <sstream>

namespace gateway::keys {

std::optional<config::Clock::Wall> parse_timestamp(std::string_view text) {
  // What the library would also take: other widths, blanks.
  constexpr std::string_view kShape = "0000-00-00T00:00:00";
  const auto fits = [](std::string_view shape, std::string_view part) {
    if (part.size() != shape.size()) return false;
    for (std::size_t i = 0; i < shape.size(); ++i) {
      const bool digit = part[i] >= '0' && part[i] <= '9';
      if (shape[i] == '0' ? !digit : part[i] != shape[i]) return false;
    }
    return true;
  };
  if (!fits(kShape, text.substr(0, kShape.size()))) return std::nullopt;
  std::string zone(text.substr(kShape.size()));
  if (zone == "Z") zone = "+00:00";
  if (!fits("+00:00", zone) && !fits("-00:00", zone)) return std::nullopt;

  std::istringstream in(std::string(text.substr(0, kShape.size())) + zone);
  date::sys_seconds moment;
  in >> date::parse("%FT%T%Ez", moment);
  if (in.fail() || moment.time_since_epoch().count() < 0) return std::nullopt;
  // Where a Wall's nanoseconds end.
  constexpr date::sys_seconds kLast = date::sys_days(date::year{2262} / 1 / 1);
  if (moment >= kLast) return std::nullopt;
  return config::Clock::Wall(moment.time_since_epoch());
}

std::string to_timestamp(config::Clock::Wall at) {
  return date::format("%FT%TZ", date::floor<std::chrono::seconds>(at));
}

}  // namespace gateway::keys

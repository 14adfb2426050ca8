#include "config/calendar.h"

#include <algorithm>
#include <date/tz.h>
#include <stdexcept>

#include <fmt/format.h>

namespace config {
namespace {

using date::days;
using date::local_days;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using Wall = Clock::Wall;

Wall begin_of(local_days day, const date::time_zone& zone) {
  return zone.to_sys(date::local_time<Wall::duration>(day), date::choose::earliest);
}

// The first day of the window `step` windows after the one that holds `day`.
local_days first_day(Window window, local_days day, int step) {
  const date::year_month_day date(day);
  switch (window) {
    case Window::week:
      return day - (date::weekday(day) - date::Monday) + date::weeks(step);
    case Window::month:
      return local_days((date.year() / date.month() + date::months(step)) / 1);
    default:
      return day + days(step);
  }
}

Span hour_of(const date::time_zone& zone, Wall at) {
  const auto info = zone.get_info(at);
  // Between two changes of the offset the clock runs evenly, so its hours are found there.
  const auto local = at.time_since_epoch() + info.offset;
  const Wall begins(date::floor<hours>(local) - info.offset);
  Span out{begins, begins + hours(1)};
  // The database's first and last spans reach further than nanoseconds can count.
  if (date::floor<seconds>(begins) < info.begin) out.begins = info.begin;
  if (date::floor<seconds>(out.ends) > info.end) out.ends = info.end;
  return out;
}

}  // namespace

Span window_of(Window window, std::string_view zone_name, Wall at) {
  if (window == Window::total) return {Wall::min(), Wall::max()};
  const auto& zone = *date::locate_zone(zone_name);
  if (window == Window::hour) return hour_of(zone, at);
  const auto local = date::floor<days>(zone.to_local(at));
  // Where midnight is shown twice, the second evening's date is not that of its window.
  int step = 0;
  while (at >= begin_of(first_day(window, local, step + 1), zone)) ++step;
  while (at < begin_of(first_day(window, local, step), zone)) --step;
  return {begin_of(first_day(window, local, step), zone),
          begin_of(first_day(window, local, step + 1), zone)};
}

bool is_zone(std::string_view name) {
  const auto names = zone_names();
  return std::find(names.begin(), names.end(), name) != names.end();
}

std::vector<std::string> zone_names() {
  std::vector<std::string> out;
  try {
    for (const auto& zone : date::get_tzdb().zones) out.push_back(zone.name());
  } catch (const std::runtime_error&) {
    out.clear();
  }
  return out;
}

std::string rfc3339(Wall at, std::string_view zone_name) {
  const auto& zone = *date::locate_zone(zone_name);
  const auto whole = date::floor<seconds>(at);
  const auto local = zone.to_local(whole);
  const auto day = date::floor<days>(local);
  const date::year_month_day date(day);
  const date::hh_mm_ss time(local - day);
  const auto offset = date::floor<minutes>(zone.get_info(whole).offset);
  const auto size = std::chrono::abs(offset).count();
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}{}{:02}:{:02}",
                     static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                     static_cast<unsigned>(date.day()), time.hours().count(),
                     time.minutes().count(), time.seconds().count(), offset.count() < 0 ? '-' : '+',
                     size / 60, size % 60);
}

}  // namespace config

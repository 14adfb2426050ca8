#pragma once
// Calendar windows of wall time in named zones, by the system's time zone database: where
// the hour, day, week or month that holds a moment begins and ends, and how a moment is
// written there. Pure but for that database, which is read once; any thread. Finding a
// window costs microseconds: callers keep it and compare with its end.

#include <string>
#include <string_view>
#include <vector>

#include "config/base/clock.h"
#include "config/limits.h"

namespace config {

// From `begins` to before `ends`. Windows of one kind and zone follow each other without a
// gap: every moment is in exactly one.
struct Span {
  Clock::Wall begins;
  Clock::Wall ends;

  bool holds(Clock::Wall at) const { return begins <= at && at < ends; }
  friend bool operator==(const Span&, const Span&) = default;
};

// `total` is all of time. Days, weeks (from Monday) and months begin at local midnight, or
// where the clocks skip it, at the moment they do; where they show it twice, the first time.
// Hours are as the clock on the wall has them, and end early where it is put forward or back.
// The zone must be one of zone_names(): std::runtime_error otherwise.
Span window_of(Window window, std::string_view zone, Clock::Wall at);

// Whether the system knows a zone of exactly this name.
bool is_zone(std::string_view name);

// Every name, links included. Without the system's database (Debian: tzdata) there are none.
std::vector<std::string> zone_names();

// "2026-12-01T00:00:00+01:00": RFC 3339 in whole seconds, rounded down.
std::string rfc3339(Clock::Wall at, std::string_view zone);

}  // namespace config

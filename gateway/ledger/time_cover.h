#pragma once
// A stretch of time as whole roll-up slots, the longest that fit, and what is left at its
// two ends, for which the records themselves are read. Pure.

#include <array>
#include <cstdint>
#include <limits>
#include <vector>

namespace gateway {

// The roll-ups' slots in seconds. A quarter of an hour, because every zone's offset is a
// multiple of it: days and hours of any zone begin where a slot does.
inline constexpr std::int64_t kQuarter = 900;
inline constexpr std::int64_t kHour = 3'600;
inline constexpr std::int64_t kDay = 86'400;
inline constexpr std::array kSpans{kQuarter, kHour, kDay};

inline constexpr std::int64_t kMicrosPerSecond = 1'000'000;

// The slot of `span` seconds that holds a moment: its beginning, in seconds.
std::int64_t slot_of(std::int64_t micros, std::int64_t span);

// From `begin` to before `end`.
struct Slots {
  std::int64_t span = 0;
  std::int64_t begin = 0;  // seconds
  std::int64_t end = 0;
};
struct Micros {
  std::int64_t begin = 0;
  std::int64_t end = 0;
};
struct TimeCover {
  std::vector<Slots> slots;
  std::vector<Micros> rest;
};

// Everything from `begin` to before `end`, microseconds, once. Before `whole_until` there
// are no records any more: an end that lies there moves back to where its slot begins.
TimeCover cover(std::int64_t begin, std::int64_t end,
                std::int64_t whole_until = std::numeric_limits<std::int64_t>::min());

}  // namespace gateway

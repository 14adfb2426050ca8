#pragma once
// What a key, a team or the whole gateway may use. Values; part of Config.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/base/money.h"

namespace config {

// A calendar span of wall time in a zone; `total` never ends.
enum class Window : std::uint8_t { hour, day, week, month, total };
std::string_view to_string(Window window);

struct Budget {
  PicoUsd limit;
  Window window = Window::month;
  std::string zone = "UTC";  // an IANA name
  friend bool operator==(const Budget&, const Budget&) = default;
};

// Nothing set: no limit.
struct Limits {
  std::optional<std::int64_t> requests_per_minute;
  std::optional<std::int64_t> tokens_per_minute;  // prompt and completion
  std::optional<std::int64_t> concurrent;         // requests at once
  std::vector<Budget> budgets;                    // at most one per window and zone
  friend bool operator==(const Limits&, const Limits&) = default;
};

}  // namespace config

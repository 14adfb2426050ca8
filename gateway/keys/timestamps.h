#pragma once
// Moments as administrators write and read them: RFC 3339. Pure.

#include <optional>
#include <string>
#include <string_view>

#include "config/base/clock.h"

namespace gateway::keys {

// "2026-12-01T00:00:00Z" or with an offset; whole seconds, from 1970 on. nullopt: it is none.
std::optional<config::Clock::Wall> parse_timestamp(std::string_view text);

// "2026-12-01T00:00:00Z", fractions rounded down.
std::string to_timestamp(config::Clock::Wall at);

}  // namespace gateway::keys

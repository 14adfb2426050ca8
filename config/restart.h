#pragma once
// What of a configuration a running process cannot change: its addresses, its threads, and where
// it writes. Pure.

#include <string_view>
#include <vector>

#include "config/config.h"

namespace config {

// Gives `next` what `running` began with, and names what that differs in, as "server.listen".
std::vector<std::string_view> keep_what_needs_a_restart(Config& next, const Config& running);

}  // namespace config

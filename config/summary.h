#pragma once
// A loaded Config in a few lines, for `tollgate check` and the start-up banner.
// Pure; shows no secret.

#include <string>

#include "config/config.h"

namespace config {

// Whole lines, the last one ended too.
std::string summary(const Config& config);

}  // namespace config

#pragma once
// What an upstream says, without what could be a key: providers echo the one they refuse. Pure.

#include <string>
#include <string_view>

#include "config/base/secret.h"

namespace providers {

// `text` with `key` and whatever looks like one ("sk-…") replaced by "***", cut to what may be
// told.
std::string without_keys(std::string_view text, const config::Secret& key);

}  // namespace providers

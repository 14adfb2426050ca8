#pragma once
// kind -> adapter. The list of kinds is CMakeLists.txt's; this file only looks
// things up. Adapters are stateless, so one instance of each serves everyone.

#include <span>
#include <string_view>

#include "providers/adapter.h"

namespace providers {

// Every kind, in alphabetical order: what `kind:` may say.
std::span<const std::string_view> kinds();

// The adapter of a kind; nullptr for an unknown one. Lives as long as the process.
const Adapter* find_adapter(std::string_view kind);

}  // namespace providers

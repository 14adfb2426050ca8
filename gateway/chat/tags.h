#pragma once
// Labels a client gives its request: `x-tollgate-tags: project=x,customer=y`. Pure.

#include <string_view>

#include "config/base/error.h"
#include "gateway/ledger/tags.h"

namespace gateway::chat {

inline constexpr std::string_view kTagsHeader = "x-tollgate-tags";

// The pairs in the header's value, sorted by name; none in an empty one. Blanks around
// names and values do not count; a name stands once. Anything else is an invalid_request that
// names the header: a label lost in silence would be missed only when the bill is split.
config::Result<Tags> read_tags(std::string_view value);

}  // namespace gateway::chat

#pragma once
// Labels a client gives its request: `x-tollgate-tags: project=x,customer=y`. They are
// recorded with every attempt and can be grouped by in every report. Pure.

#include <string_view>

#include "config/base/error.h"
#include "gateway/ledger/usage_record.h"

namespace gateway::chat {

inline constexpr std::string_view kTagsHeader = "x-tollgate-tags";
inline constexpr std::size_t kMaxTags = 8;
inline constexpr std::size_t kMaxTagName = 32;
inline constexpr std::size_t kMaxTagValue = 64;

// The pairs in the header's value, sorted by name; none in an empty one. Blanks around
// names and values do not count. Names are [a-z0-9_.-], each once; values are printable
// ASCII without a comma, not empty. Anything else is an invalid_request that names the
// header: a label lost in silence would be missed only when the bill is split.
config::Result<Tags> read_tags(std::string_view value);

}  // namespace gateway::chat

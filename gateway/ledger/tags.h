#pragma once
// Labels of a request: a key's own and those its client adds. They are recorded with every attempt
// and can be grouped by in every report. Pure.

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace gateway {

// A name and its value; the value is empty where the name alone is the label.
using Tag = std::pair<std::string, std::string>;
// Sorted, none twice; one name may have several values.
using Tags = std::vector<Tag>;

inline constexpr std::size_t kMaxTags = 8;  // of a key, and of a request
inline constexpr std::size_t kMaxTagName = 32;
inline constexpr std::size_t kMaxTagValue = 64;

// 1 to 32 of a-z, 0-9, _ . and -
bool is_tag_name(std::string_view text);
// 1 to 64 printable ASCII characters, none a comma, no blank at either end
bool is_tag_value(std::string_view text);

// `project=x`, or `person` alone; nullopt: neither.
std::optional<Tag> read_tag(std::string_view text);

// All that are in one or the other.
Tags united(const Tags& some, const Tags& others);

}  // namespace gateway

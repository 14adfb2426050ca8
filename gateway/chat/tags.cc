#include "gateway/chat/tags.h"

#include <algorithm>
#include <string>
#include <utility>

#include <fmt/format.h>

namespace gateway::chat {
namespace {

config::Error refuse(std::string_view why) {
  return config::invalid_request(
      fmt::format("The header {} {}. Write it as `project=x,customer=y`.", kTagsHeader, why),
      std::string(kTagsHeader));
}

std::string_view trimmed(std::string_view text) {
  const auto begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

}  // namespace

config::Result<Tags> read_tags(std::string_view value) {
  Tags tags;
  if (trimmed(value).empty()) return tags;
  for (;;) {
    const auto comma = value.find(',');
    const std::string_view pair = value.substr(0, comma);
    const auto equals = pair.find('=');
    if (equals == std::string_view::npos) return refuse("holds something that is no name=value");
    const std::string_view name = trimmed(pair.substr(0, equals));
    const std::string_view label = trimmed(pair.substr(equals + 1));
    if (!is_tag_name(name)) return refuse("has a name that is not 1 to 32 of a-z, 0-9, _ . and -");
    if (!is_tag_value(label)) return refuse("has a value that is not 1 to 64 printable characters");
    if (tags.size() == kMaxTags) return refuse("holds more than 8 pairs");
    tags.emplace_back(name, label);
    if (comma == std::string_view::npos) break;
    value.remove_prefix(comma + 1);
  }
  std::sort(tags.begin(), tags.end());
  const auto same = std::adjacent_find(
      tags.begin(), tags.end(), [](const auto& a, const auto& b) { return a.first == b.first; });
  if (same != tags.end()) return refuse("names a tag twice");
  return tags;
}

}  // namespace gateway::chat

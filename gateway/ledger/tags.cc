#include "gateway/ledger/tags.h"

#include <algorithm>
#include <iterator>

namespace gateway {

bool is_tag_name(std::string_view text) {
  return !text.empty() && text.size() <= kMaxTagName &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '.' ||
                  c == '-';
         });
}

bool is_tag_value(std::string_view text) {
  return !text.empty() && text.size() <= kMaxTagValue && text.front() != ' ' &&
         text.back() != ' ' && std::all_of(text.begin(), text.end(), [](char c) {
           return c >= ' ' && c <= '~' && c != ',';
         });
}

std::optional<Tag> read_tag(std::string_view text) {
  const std::size_t equals = text.find('=');
  const std::string_view name = text.substr(0, equals);
  if (!is_tag_name(name)) return std::nullopt;
  if (equals == std::string_view::npos) return Tag(name, "");
  const std::string_view value = text.substr(equals + 1);
  if (!is_tag_value(value)) return std::nullopt;
  return Tag(name, value);
}

Tags united(const Tags& some, const Tags& others) {
  Tags all;
  std::set_union(some.begin(), some.end(), others.begin(), others.end(), std::back_inserter(all));
  return all;
}

}  // namespace gateway

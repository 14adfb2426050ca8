#pragma once
// One header field as two views, and comparisons that ignore ASCII case. The
// views last as long as the buffer the head was read into.

#include <algorithm>
#include <span>
#include <string_view>

namespace gateway::http {

struct Field {
  std::string_view name;   // as sent
  std::string_view value;  // without the blanks around it
};

constexpr char ascii_lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

constexpr bool equal_ignoring_case(std::string_view left, std::string_view right) {
  return left.size() == right.size() &&
         std::equal(left.begin(), left.end(), right.begin(),
                    [](char a, char b) { return ascii_lower(a) == ascii_lower(b); });
}

// The value of the first field of that name, in any case; empty where there is none.
inline std::string_view find_field(std::span<const Field> fields, std::string_view name) {
  for (const Field& field : fields) {
    if (equal_ignoring_case(field.name, name)) return field.value;
  }
  return {};
}

}  // namespace gateway::http

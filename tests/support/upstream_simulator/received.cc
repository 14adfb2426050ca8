#include "tests/support/upstream_simulator/received.h"

#include <algorithm>

namespace simulator {
namespace {

bool same_letter(char a, char b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return lower(a) == lower(b);
}

}  // namespace

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, same_letter);
}

bool contains_ignoring_case(std::string_view text, std::string_view part) {
  return !std::ranges::search(text, part, same_letter).empty() || part.empty();
}

std::string_view Received::header(std::string_view name) const {
  for (const auto& [key, value] : headers)
    if (equal_ignoring_case(key, name)) return value;
  return {};
}

std::string_view Received::bearer() const {
  constexpr std::string_view kBearer = "Bearer ";
  const auto value = header("Authorization");
  if (value.size() < kBearer.size() ||
      !equal_ignoring_case(value.substr(0, kBearer.size()), kBearer))
    return {};
  return value.substr(kBearer.size());
}

}  // namespace simulator

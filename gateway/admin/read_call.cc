#include "gateway/admin/read_call.h"

#include <algorithm>
#include <charconv>
#include <string>

namespace gateway::admin {

using config::Result;

Result<void> expect_no_body(std::string_view body) {
  return read_body(body, [](providers::StrictObject&) {});
}

Result<std::optional<std::int64_t>> version_in(std::string_view if_match) {
  if (if_match.empty() || if_match == "*") return std::optional<std::int64_t>();
  if (if_match.size() >= 2 && if_match.front() == '"' && if_match.back() == '"') {
    if_match = if_match.substr(1, if_match.size() - 2);
  }
  std::int64_t version = 0;
  const auto [end, error] =
      std::from_chars(if_match.data(), if_match.data() + if_match.size(), version);
  if (error != std::errc() || end != if_match.data() + if_match.size()) {
    return config::invalid_request("If-Match must be the key's version, a whole number.",
                                   "if-match");
  }
  return std::optional(version);
}

Result<std::optional<std::int64_t>> number_in(std::string_view query, std::string_view name) {
  while (!query.empty()) {
    const std::string_view pair = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(pair.size() + 1, query.size()));
    if (!pair.starts_with(name) || pair.size() <= name.size() || pair[name.size()] != '=') continue;
    const std::string_view digits = pair.substr(name.size() + 1);
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    if (error != std::errc() || end != digits.data() + digits.size() || number < 0) {
      return config::invalid_request(fmt::format("`{}` must be a whole number.", name),
                                     std::string(name));
    }
    return std::optional(number);
  }
  return std::optional<std::int64_t>();
}

}  // namespace gateway::admin

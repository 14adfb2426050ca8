#include "config/environment.h"

#include <algorithm>
#include <cstdlib>

#include <fmt/format.h>

namespace config {
namespace {

constexpr std::size_t kLongestName = 128;

bool is_name(std::string_view text) {
  const auto word = [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  };
  if (text.empty() || text.size() > kLongestName || (text[0] >= '0' && text[0] <= '9'))
    return false;
  return std::all_of(text.begin(), text.end(), word);
}

// What stands between the braces: NAME or NAME:-default.
std::variant<std::string, NotExpanded> value_of(std::string_view inside,
                                                const Environment& environment) {
  const auto separator = inside.find(":-");
  const auto name = inside.substr(0, separator);
  if (!is_name(name)) {
    return NotExpanded{"${…} must hold a variable's name: ${NAME} or ${NAME:-default}"};
  }
  auto value = environment(name);
  if (separator == std::string_view::npos) {
    if (value) return *std::move(value);
    return NotExpanded{fmt::format(
        "the environment variable {0} is not set; export it or write ${{{0}:-default}}", name)};
  }
  const auto fallback = inside.substr(separator + 2);
  if (fallback.find("${") != std::string_view::npos) {
    return NotExpanded{
        fmt::format("the default of {} holds another ${{…}}, which is not read", name)};
  }
  if (value && !value->empty()) return *std::move(value);
  return std::string(fallback);
}

}  // namespace

Environment process_environment() {
  return [](std::string_view name) -> std::optional<std::string> {
    // NOLINTNEXTLINE(concurrency-mt-unsafe): nothing in this process sets variables
    const char* value = std::getenv(std::string(name).c_str());
    if (value == nullptr) return std::nullopt;
    return std::string(value);
  };
}

std::variant<Expanded, NotExpanded> expand(std::string_view text, const Environment& environment) {
  Expanded out;
  while (true) {
    const auto dollar = text.find("${");
    if (dollar == std::string_view::npos) break;
    if (dollar > 0 && text[dollar - 1] == '$') {
      out.text += text.substr(0, dollar - 1);
      out.text += "${";
      text.remove_prefix(dollar + 2);
      continue;
    }
    const auto end = text.find('}', dollar);
    if (end == std::string_view::npos) return NotExpanded{"${ without its closing brace"};
    auto value = value_of(text.substr(dollar + 2, end - dollar - 2), environment);
    if (auto* failed = std::get_if<NotExpanded>(&value)) return std::move(*failed);
    out.text += text.substr(0, dollar);
    out.text += std::get<std::string>(value);
    out.from_environment = true;
    text.remove_prefix(end + 1);
  }
  out.text += text;
  return out;
}

}  // namespace config

#pragma once
// Configuration texts in tests: a small right one, and loaders that hand back the
// Config or the problems as lines.

#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <gtest/gtest.h>

#include "config/load.h"

namespace config::test {

using Variables = std::map<std::string, std::string, std::less<>>;

inline LoadOptions options_with(Variables variables = {}) {
  LoadOptions options;
  options.kinds = {"haimaker", "openai", "openrouter", "reka", "reka_chat", "reka_research"};
  options.environment =
      [variables = std::move(variables)](std::string_view name) -> std::optional<std::string> {
    const auto found = variables.find(name);
    if (found == variables.end()) return std::nullopt;
    return found->second;
  };
  return options;
}

inline const std::string kKeys =
    "keys:\n"
    "  - {name: ada, sha256: a665a45920422f9d417e4867efdc4fb8a04a1f3fff1fa07e998e86f7f7a27ae3}\n";
inline const std::string kProviders =
    "providers:\n"
    "  - {name: near, kind: openai, base_url: \"http://127.0.0.1:9000/v1\"}\n";
inline const std::string kModels =
    "models:\n"
    "  - name: fast\n"
    "    targets: [{provider: near, model: m, price: unknown}]\n";
inline const std::string kSmall = kKeys + kProviders + kModels;

// Every problem as to_string() has it; empty where the text loads.
inline std::vector<std::string> problems_of(const std::string& text, Variables variables = {}) {
  const auto loaded = load_text(text, "t.yaml", options_with(std::move(variables)));
  std::vector<std::string> out;
  if (const auto* problems = std::get_if<std::vector<Problem>>(&loaded)) {
    for (const auto& problem : *problems) out.push_back(to_string(problem));
  }
  return out;
}

// The Config; the test fails, and goes on with an empty one, where there are problems.
inline Config loaded(const std::string& text, Variables variables = {}) {
  auto result = load_text(text, "t.yaml", options_with(std::move(variables)));
  if (auto* config = std::get_if<Config>(&result)) return std::move(*config);
  for (const auto& problem : std::get<std::vector<Problem>>(result)) {
    ADD_FAILURE() << to_string(problem);
  }
  return {};
}

}  // namespace config::test

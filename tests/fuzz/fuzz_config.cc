// Any bytes as a configuration file: never a crash, never an exception, the same
// verdict twice, and problems that fit on one line each.

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "config/base/utf8.h"
#include "config/load.h"
#include "config/summary.h"

namespace {

std::optional<std::string> variable(std::string_view name) {
  if (name == "SET") return "value";
  if (name == "URL") return "https://a.example/v1";
  return std::nullopt;
}

void demand(bool holds) {
  if (!holds) std::abort();
}

void demand_the_same(const decltype(config::load_text("", "", {}))& first,
                     const decltype(config::load_text("", "", {}))& second) {
  demand(first.index() == second.index());
  if (const auto* loaded = std::get_if<config::Config>(&first)) {
    demand(config::summary(*loaded) == config::summary(std::get<config::Config>(second)));
  } else {
    demand(std::get<1>(first) == std::get<1>(second));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  // Files that the text names are part of what load() reads: these do not exist.
  const std::string path = "/nonexistent/t.yaml";
  config::LoadOptions options;
  options.kinds = {"openai", "reka"};
  options.environment = &variable;

  const auto first = config::load_text(text, path, options);
  // One in eight is loaded again: that is enough to notice what depends on chance.
  if (std::hash<std::string>{}(text) % 8 == 0) {
    demand_the_same(first, config::load_text(text, path, options));
  }
  if (std::holds_alternative<config::Config>(first)) return 0;
  const auto& problems = std::get<1>(first);
  demand(!problems.empty());
  for (const auto& problem : problems) {
    const auto line = config::to_string(problem);
    demand(std::none_of(line.begin(), line.end(), config::is_control));
    demand(config::find_invalid_utf8(line) == line.size());
    demand(line.size() < 16'000);
  }
  return 0;
}

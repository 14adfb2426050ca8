#include "gateway/cli/load_config.h"

#include <cstdio>

#include <fmt/format.h>

#include "config/load.h"
#include "providers/registry.h"

namespace gateway::cli {

std::variant<std::shared_ptr<const Snapshot>, Problems> compile_config(
    const std::string& config_path, limits::Limiter* limiter) {
  config::LoadOptions options;
  const auto kinds = providers::kinds();
  options.kinds.assign(kinds.begin(), kinds.end());
  // Only the adapter knows what its kind takes.
  options.check_target = [](const config::Target& target) {
    const providers::Adapter* adapter = providers::find_adapter(target.kind);
    if (adapter == nullptr) return std::string();  // an unknown kind is a problem of its own
    auto can = adapter->capabilities(target);
    return can ? std::string() : can.error().message;
  };
  std::vector<config::Problem> warnings;
  options.warnings = &warnings;
  auto loaded = config::load(config_path, options);
  for (const config::Problem& warning : warnings) {
    fmt::print(stderr, "warning: {}\n", to_string(warning));
  }
  if (const auto* found = std::get_if<std::vector<config::Problem>>(&loaded)) {
    Problems problems;
    for (const config::Problem& problem : *found) problems.push_back(to_string(problem));
    return problems;
  }
  auto snapshot = Snapshot::build(std::get<config::Config>(std::move(loaded)), limiter);
  if (!snapshot) return Problems{fmt::format("{}: {}", config_path, snapshot.error().message)};
  return *std::move(snapshot);
}

std::optional<std::shared_ptr<const Snapshot>> load_snapshot(const std::string& config_path,
                                                             limits::Limiter* limiter) {
  auto compiled = compile_config(config_path, limiter);
  if (const auto* problems = std::get_if<Problems>(&compiled)) {
    for (const std::string& line : *problems) fmt::print(stderr, "{}\n", line);
    fmt::print(stderr, "{} problem{} in {}\n", problems->size(), problems->size() == 1 ? "" : "s",
               config_path);
    return std::nullopt;
  }
  return std::get<std::shared_ptr<const Snapshot>>(std::move(compiled));
}

}  // namespace gateway::cli

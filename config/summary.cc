#include "config/summary.h"

#include <algorithm>
#include <set>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace config {
namespace {

std::string counted(std::size_t count, std::string_view what) {
  return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
}

std::string door(const Config& config) {
  if (config.auth == Auth::none) return "open to this machine (auth: none)";
  std::set<std::string_view> teams;
  for (const auto& key : config.keys) {
    if (!key.team.empty()) teams.insert(key.team.view());
  }
  if (teams.empty()) return counted(config.keys.size(), "key");
  return fmt::format("{} in {}", counted(config.keys.size(), "key"), counted(teams.size(), "team"));
}

}  // namespace

std::string summary(const Config& config) {
  std::vector<std::string> providers;
  providers.reserve(config.providers.size());
  for (const auto& provider : config.providers) {
    providers.push_back(provider.name.str() + (provider.simulated ? " (simulated)" : ""));
  }
  std::size_t targets = 0;
  std::size_t unpriced = 0;
  for (const auto& model : config.models) {
    targets += model.targets.size();
    unpriced += static_cast<std::size_t>(
        std::count_if(model.targets.begin(), model.targets.end(),
                      [](const Target& target) { return !target.price.has_value(); }));
  }
  auto out = fmt::format("listen     {} (admin {})\n", to_string(config.server.listen),
                         to_string(config.admin.listen));
  out += fmt::format("keys       {}\n", door(config));
  out += fmt::format("providers  {}: {}\n", providers.size(), fmt::join(providers, ", "));
  out += fmt::format("models     {} with {}", config.models.size(), counted(targets, "target"));
  if (unpriced > 0) out += fmt::format(", {} of unknown price", unpriced);
  return out + '\n';
}

}  // namespace config

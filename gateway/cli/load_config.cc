#include "gateway/cli/load_config.h"

#include <cstdio>

#include <fmt/format.h>

#include "config/load.h"
#include "config/restart.h"
#include "gateway/tls/server.h"
#include "providers/adapter.h"
#include "providers/registry.h"

namespace gateway::cli {

CompiledConfig compile_config(const std::string& config_path, limits::Limiter* limiter,
                              const config::Config* running) {
  CompiledConfig out;
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
  options.check_probe = [](const config::Provider& provider) {
    const providers::Adapter* adapter = providers::find_adapter(provider.kind);
    return adapter == nullptr ? std::string() : providers::why_not_asked(*adapter, provider);
  };
  options.warnings = &out.warnings;
  options.files = &out.files;
  options.check_certificate = [](const config::DoorTls& files) {
    const auto loaded = tls::Server::load(files);
    if (const auto* problem = std::get_if<std::string>(&loaded)) {
      return config::LoadOptions::CertificateVerdict{*problem, {}};
    }
    return config::LoadOptions::CertificateVerdict{
        {}, std::get<std::shared_ptr<const tls::Server>>(loaded)->warning()};
  };
  auto loaded = config::load(config_path, options);
  if (auto* found = std::get_if<std::vector<config::Problem>>(&loaded)) {
    out.problems = std::move(*found);
    return out;
  }
  auto& config = std::get<config::Config>(loaded);
  if (running != nullptr) out.needs_restart = keep_what_needs_a_restart(config, *running);
  auto snapshot = Snapshot::build(std::move(config), limiter);
  if (snapshot) {
    out.snapshot = *std::move(snapshot);
  } else {
    out.problems.push_back({config_path, 0, "", snapshot.error().message});
  }
  return out;
}

bool tell_about(const CompiledConfig& compiled, const std::string& config_path) {
  for (const config::Problem& warning : compiled.warnings) {
    fmt::print(stderr, "warning: {}\n", to_string(warning));
  }
  if (compiled.snapshot) return true;
  const auto& problems = compiled.problems;
  for (const config::Problem& problem : problems) fmt::print(stderr, "{}\n", to_string(problem));
  fmt::print(stderr, "{} problem{} in {}\n", problems.size(), problems.size() == 1 ? "" : "s",
             config_path);
  return false;
}

std::optional<std::shared_ptr<const Snapshot>> load_snapshot(const std::string& config_path,
                                                             limits::Limiter* limiter) {
  auto compiled = compile_config(config_path, limiter);
  if (!tell_about(compiled, config_path)) return std::nullopt;
  return std::move(compiled.snapshot);
}

}  // namespace gateway::cli

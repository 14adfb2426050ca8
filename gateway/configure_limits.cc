#include "gateway/configure_limits.h"

#include <map>

namespace gateway {
namespace {

using Wanted = std::map<AccountId, config::Limits>;

Wanted limits_of(const config::Config& config) {
  Wanted wanted;
  wanted[{AccountKind::gateway, {}}] = config.limits;
  for (const config::Team& team : config.teams) {
    wanted[{AccountKind::team, team.name.str()}] = team.limits;
  }
  for (const config::Key& key : config.keys) {
    wanted[{AccountKind::key, key.name.str()}] = key.limits;
  }
  return wanted;
}

}  // namespace

config::Result<void> configure_limits(const config::Config& config, const config::Config* before,
                                      limits::Limiter& limiter, const limits::SpentSince& spent,
                                      limits::Now now) {
  Wanted wanted = limits_of(config);
  if (before != nullptr) {
    // Whoever is not named any more is not limited any more.
    for (const auto& [account, limits] : limits_of(*before)) wanted.try_emplace(account);
  }
  config::Result<void> all;
  for (const auto& [account, limits] : wanted) {
    auto configured = limiter.configure(account, limits, spent, now);
    if (!configured && all) all = std::move(configured);
  }
  return all;
}

}  // namespace gateway

#include "gateway/configure_limits.h"

#include <utility>

namespace gateway {

LimitsByAccount limits_of(const config::Config& config) {
  LimitsByAccount wanted;
  wanted[{AccountKind::gateway, {}}] = config.limits;
  for (const config::Team& team : config.teams) {
    wanted[{AccountKind::team, team.name.str()}] = team.limits;
  }
  for (const config::Key& key : config.keys) {
    wanted[{AccountKind::key, key.name.str()}] = key.limits;
  }
  return wanted;
}

config::Result<void> configure_limits(const LimitsByAccount& wanted, const LimitsByAccount& before,
                                      limits::Limiter& limiter, const limits::SpentSince& spent,
                                      limits::Now now) {
  config::Result<void> all;
  const auto configure = [&](const AccountId& account, const config::Limits& limits) {
    auto configured = limiter.configure(account, limits, spent, now);
    if (!configured && all) all = std::move(configured);
  };
  for (const auto& [account, limits] : wanted) configure(account, limits);
  for (const auto& [account, limits] : before) {
    if (!wanted.contains(account)) configure(account, {});
  }
  return all;
}

}  // namespace gateway

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

void configure_limits(const LimitsByAccount& wanted, const LimitsByAccount& before,
                      limits::Limiter& limiter, limits::Now now) {
  for (const auto& [account, limits] : wanted) limiter.configure(account, limits, now);
  for (const auto& [account, limits] : before) {
    if (!wanted.contains(account)) limiter.configure(account, {}, now);
  }
}

}  // namespace gateway

#pragma once
// Tells the limiter what the gateway, its teams and keys may use. At start, at every reload and
// when a key changes, on the control thread. New budgets must then learn what was spent of them
// (Limiter::learn).

#include <map>

#include "config/config.h"
#include "gateway/ledger/account_id.h"
#include "gateway/limits/limiter.h"

namespace gateway {

// Who may use what; who is not named is not limited.
using LimitsByAccount = std::map<AccountId, config::Limits>;

// What a configuration says of the gateway, its teams and the keys it names.
LimitsByAccount limits_of(const config::Config& config);

// `before`: what was enforced until now.
void configure_limits(const LimitsByAccount& wanted, const LimitsByAccount& before,
                      limits::Limiter& limiter, limits::Now now);

}  // namespace gateway

#pragma once
// Tells the limiter what a configuration allows the gateway, its teams and the keys it
// names. At start and at every reload, on the control thread; may block on `spent`.

#include "config/config.h"
#include "gateway/limits/limiter.h"

namespace gateway {

// `before`: the configuration until now, whose teams and keys may be gone; nullptr: none. An
// Error is that of `spent`: some budgets are not enforced.
config::Result<void> configure_limits(const config::Config& config, const config::Config* before,
                                      limits::Limiter& limiter, const limits::SpentSince& spent,
                                      limits::Now now);

}  // namespace gateway

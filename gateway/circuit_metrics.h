#pragma once
// How the circuits of the configured targets stand. Any thread.

#include <vector>

#include <prometheus/metric_family.h>

#include "config/base/clock.h"
#include "gateway/snapshot.h"
#include "gateway/upstream/circuit_breakers.h"

namespace gateway {

// One row per configured target; of a pattern, what the worst of its models is.
void add_circuit_metrics(const Snapshot& snapshot, const upstream::CircuitBreakers& breakers,
                         config::Clock::Steady now,
                         std::vector<prometheus::MetricFamily>& families);

}  // namespace gateway

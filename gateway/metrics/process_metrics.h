#pragma once
// What Prometheus' own client libraries show of any process: memory, descriptors,
// processor time, start. Read from /proc when asked; any thread.

#include <vector>

#include <prometheus/metric_family.h>

namespace gateway::metrics {

// Appends one family for each figure the system gives; none where there is no /proc.
void add_process_metrics(std::vector<prometheus::MetricFamily>& families);

}  // namespace gateway::metrics

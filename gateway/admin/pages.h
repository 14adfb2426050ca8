#pragma once
// What the second listener answers: /metrics, /healthz and /readyz; the last two also
// stand on the client port. Pure apart from reading counters; any thread.

#include <string>
#include <string_view>

#include "gateway/metrics/metrics.h"

namespace gateway::admin {

struct Page {
  unsigned status = 200;
  std::string_view content_type;  // lives forever
  std::string body;
};

// The process is alive and serves its listeners.
Page alive();

// 200 while new requests are welcome, 503 from the moment draining began.
Page ready(bool draining);

// In Prometheus' text format.
Page metrics(const metrics::Metrics& metrics);

}  // namespace gateway::admin

#pragma once
// How full the gateway is, and how often it was too full. Any thread.

#include <vector>

#include <prometheus/metric_family.h>

#include "gateway/http/door.h"
#include "gateway/http/room.h"

namespace gateway {

void add_overload_metrics(const http::Room& room, const http::ConnectionCount& clients,
                          std::vector<prometheus::MetricFamily>& families);

}  // namespace gateway

#include "gateway/overload_metrics.h"

#include <string>
#include <utility>

namespace gateway {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

MetricFamily gauge(std::string name, std::string help, std::size_t value) {
  MetricFamily out{std::move(name), std::move(help), MetricType::Gauge, {}};
  ClientMetric metric;
  metric.gauge.value = static_cast<double>(value);
  out.metric.push_back(std::move(metric));
  return out;
}

void add_refusals(MetricFamily& to, std::string reason, std::uint64_t count) {
  ClientMetric metric;
  metric.label = {{"reason", std::move(reason)}};
  metric.counter.value = static_cast<double>(count);
  to.metric.push_back(std::move(metric));
}

}  // namespace

void add_overload_metrics(const http::Room& room, const http::ConnectionCount& clients,
                          std::vector<MetricFamily>& families) {
  families.push_back(gauge("tollgate_requests_in_flight",
                           "Requests under way that reach an upstream, or are about to.",
                           room.requests.taken()));
  families.push_back(
      gauge("tollgate_buffered_bytes",
            "Bytes of clients' bodies held or announced; bodies that came with their head apart.",
            room.body_bytes.taken()));
  MetricFamily refused{"tollgate_overload_refused_total",
                       "Requests, and clients before they asked, refused because the gateway had "
                       "as many as it takes.",
                       MetricType::Counter,
                       {}};
  add_refusals(refused, "connections", clients.refusals());
  add_refusals(refused, "requests", room.requests.refusals());
  add_refusals(refused, "bytes", room.body_bytes.refusals());
  families.push_back(std::move(refused));
}

}  // namespace gateway

#include "gateway/circuit_metrics.h"

#include <algorithm>
#include <map>
#include <string>
#include <utility>

namespace gateway {
namespace {

using prometheus::MetricFamily;
using prometheus::MetricType;
using upstream::CircuitBreaker;

struct Standing {
  CircuitBreaker::Status worst;
  std::uint64_t opened = 0;
};

// Open is worse than half-open, which is worse than closed.
int badness(CircuitBreaker::State state) {
  switch (state) {
    case CircuitBreaker::State::closed:
      return 0;
    case CircuitBreaker::State::half_open:
      return 1;
    case CircuitBreaker::State::open:
      return 2;
  }
  return 0;
}

std::string reason_of(const CircuitBreaker::Status& status) {
  if (status.state == CircuitBreaker::State::closed) return "";
  return status.why ? std::string(config::to_string(*status.why)) : "held";
}

prometheus::ClientMetric metric_of(const std::string& target, double value) {
  prometheus::ClientMetric metric;
  metric.label = {{"target", target}};
  metric.gauge.value = value;
  metric.counter.value = value;
  return metric;
}

}  // namespace

void add_circuit_metrics(const Snapshot& snapshot, const upstream::CircuitBreakers& breakers,
                         config::Clock::Steady now, std::vector<MetricFamily>& families) {
  std::map<std::string, Standing> standings;
  for (const Route& route : snapshot.routes().routes()) {
    for (const RouteTarget& target : route.targets) standings[target.target.name.str()];
  }
  breakers.for_each([&](const std::string&, const std::string& target, CircuitBreaker& breaker) {
    const auto found = standings.find(target);
    if (found == standings.end()) return;  // configured no more
    const auto status = breaker.status(now);
    Standing& standing = found->second;
    standing.opened += breaker.opened();
    if (badness(status.state) > badness(standing.worst.state)) standing.worst = status;
  });
  MetricFamily state = {"tollgate_circuit_state",
                        "0: the target is asked; 1: one request tries it; 2: it is left alone.",
                        MetricType::Gauge,
                        {}};
  MetricFamily reason = {"tollgate_circuit_reason",
                         "1 for why a target is left alone; held: by hand.",
                         MetricType::Gauge,
                         {}};
  MetricFamily opened = {"tollgate_circuit_openings_total",
                         "How often a target was left alone because it failed.",
                         MetricType::Counter,
                         {}};
  for (const auto& [target, standing] : standings) {
    state.metric.push_back(metric_of(target, badness(standing.worst.state)));
    opened.metric.push_back(metric_of(target, static_cast<double>(standing.opened)));
    const std::string why = reason_of(standing.worst);
    if (why.empty()) continue;
    reason.metric.push_back(metric_of(target, 1));
    reason.metric.back().label.push_back({"reason", why});
  }
  for (MetricFamily* family : {&state, &reason, &opened}) families.push_back(std::move(*family));
}

}  // namespace gateway

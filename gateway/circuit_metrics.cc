#include "gateway/circuit_metrics.h"

#include <string>
#include <utility>

#include "gateway/watched_targets.h"

namespace gateway {
namespace {

using prometheus::MetricFamily;
using prometheus::MetricType;
using upstream::CircuitBreaker;

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
  MetricFamily retries = {"tollgate_retries_total",
                          "How often a request asked a target again that had failed it.",
                          MetricType::Counter,
                          {}};
  MetricFamily refused = {
      "tollgate_retries_refused_total",
      "How often a target was not asked again because its retry budget was used.",
      MetricType::Counter,
      {}};
  for (const auto& [target, watched] : watched_targets(snapshot, breakers)) {
    CircuitBreaker::Status worst;
    std::uint64_t openings = 0;
    std::uint64_t repeated = 0;
    std::uint64_t unrepeated = 0;
    for (const auto& [asked, breaker] : watched.breakers) {
      const auto status = breaker->status(now);
      if (badness(status.state) > badness(worst.state)) worst = status;
      openings += breaker->opened();
      repeated += breaker->retries().taken();
      unrepeated += breaker->retries().refused();
    }
    state.metric.push_back(metric_of(target, badness(worst.state)));
    opened.metric.push_back(metric_of(target, static_cast<double>(openings)));
    retries.metric.push_back(metric_of(target, static_cast<double>(repeated)));
    refused.metric.push_back(metric_of(target, static_cast<double>(unrepeated)));
    const std::string why = reason_of(worst);
    if (why.empty()) continue;
    reason.metric.push_back(metric_of(target, 1));
    reason.metric.back().label.push_back({"reason", why});
  }
  for (MetricFamily* family : {&state, &reason, &opened, &retries, &refused})
    families.push_back(std::move(*family));
}

}  // namespace gateway

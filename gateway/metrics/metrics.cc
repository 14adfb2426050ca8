#include "gateway/metrics/metrics.h"

#include <array>
#include <map>
#include <string_view>

#include <prometheus/text_serializer.h>

#include "gateway/log.h"
#include "gateway/metrics/process_metrics.h"

namespace gateway::metrics {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

template <std::size_t kLabels>
using LabelNames = std::array<std::string_view, kLabels>;

constexpr double kPicoUsdPerUsd = 1e12;
constexpr double kMicrosPerSecond = 1e6;

MetricFamily family(std::string name, std::string help, MetricType type) {
  MetricFamily out;
  out.name = std::move(name);
  out.help = std::move(help);
  out.type = type;
  return out;
}

template <std::size_t kLabels>
ClientMetric labelled(const LabelNames<kLabels>& names, const LabelValues<kLabels>& values) {
  ClientMetric out;
  for (std::size_t i = 0; i < kLabels; ++i) {
    out.label.push_back({std::string(names[i]), std::string(values[i])});
  }
  return out;
}

ClientMetric labelled(std::string_view name, std::string_view value) {
  return labelled<1>({name}, {value});
}

void add_counter(MetricFamily& to, ClientMetric metric, double value) {
  metric.counter.value = value;
  to.metric.push_back(std::move(metric));
}

void add_gauge(MetricFamily& to, ClientMetric metric, double value) {
  metric.gauge.value = value;
  to.metric.push_back(std::move(metric));
}

// The counters of `series` in every shard, summed by label and divided by `unit`.
template <std::size_t kLabels>
MetricFamily counters(const std::vector<const Shard*>& shards, MetricFamily out,
                      const LabelNames<kLabels>& names, Series<kLabels, Count> Shard::* series,
                      double unit = 1) {
  std::map<LabelValues<kLabels>, std::uint64_t> sums;
  for (const Shard* shard : shards) {
    (shard->*series).each([&](const auto& labels, const Count& count) {
      sums[labels] += count.read();
    });
  }
  for (const auto& [labels, sum] : sums) {
    add_counter(out, labelled(names, labels), static_cast<double>(sum) / unit);
  }
  return out;
}

// Buckets and sum of one histogram over all shards.
template <const auto& kBounds>
class DurationSum {
 public:
  void add(const Durations<kBounds>& durations) { durations.add_to(buckets_, micros_); }

  void add_to(MetricFamily& out, ClientMetric metric) const {
    std::uint64_t below = 0;
    for (std::size_t i = 0; i < kBounds.size(); ++i) {
      below += buckets_[i];
      const double bound = static_cast<double>(kBounds[i].count()) / kMicrosPerSecond;
      metric.histogram.bucket.push_back({below, bound});
    }
    metric.histogram.sample_count = below + buckets_.back();
    metric.histogram.sample_sum = static_cast<double>(micros_) / kMicrosPerSecond;
    out.metric.push_back(std::move(metric));
  }

 private:
  std::array<std::uint64_t, Durations<kBounds>::kBuckets> buckets_{};
  std::uint64_t micros_ = 0;
};

template <std::size_t kLabels, const auto& kBounds>
MetricFamily histograms(const std::vector<const Shard*>& shards, MetricFamily out,
                        const LabelNames<kLabels>& names,
                        Series<kLabels, Durations<kBounds>> Shard::* series) {
  std::map<LabelValues<kLabels>, DurationSum<kBounds>> sums;
  for (const Shard* shard : shards) {
    (shard->*series).each([&](const auto& labels, const auto& cell) { sums[labels].add(cell); });
  }
  for (const auto& [labels, sum] : sums) sum.add_to(out, labelled(names, labels));
  return out;
}

MetricFamily token_counters(const std::vector<const Shard*>& shards,
                            Series<4, TokenCounts> Shard::* series) {
  std::map<LabelValues<5>, std::uint64_t> sums;
  for (const Shard* shard : shards) {
    (shard->*series).each([&](const LabelValues<4>& labels, const TokenCounts& counts) {
      for (std::size_t kind = 0; kind < counts.size(); ++kind) {
        const std::uint64_t count = counts[kind].read();
        if (count == 0) continue;  // a kind this series never saw is absent, not zero
        sums[{kTokenKinds[kind], labels[0], labels[1], labels[2], labels[3]}] += count;
      }
    });
  }
  MetricFamily out = family("tollgate_tokens_total",
                            "Tokens used, each in exactly one kind; source says who counted them.",
                            MetricType::Counter);
  for (const auto& [labels, sum] : sums) {
    add_counter(out, labelled<5>({"kind", "model", "team", "provider", "source"}, labels),
                static_cast<double>(sum));
  }
  return out;
}

}  // namespace

Metrics::Metrics(BuildInfo build, int workers)
    : build_(std::move(build)), shards_(static_cast<std::size_t>(workers)) {
  for (const Shard& shard : shards_) counted_.push_back(&shard);
}

Metrics::~Metrics() = default;

std::vector<MetricFamily> Metrics::Collect() const {
  std::vector<MetricFamily> out;
  out.push_back(counters<4>(
      counted_,
      family("tollgate_requests_total", "Requests that named a known model and key, by outcome.",
             MetricType::Counter),
      {"model", "team", "provider", "outcome"}, &Shard::requests_));
  out.push_back(
      counters<4>(counted_,
                  family("tollgate_attempts_total",
                         "Tries at one upstream; a request may make several.", MetricType::Counter),
                  {"provider", "model", "outcome", "error"}, &Shard::attempts_));
  out.push_back(
      counters<3>(counted_,
                  family("tollgate_key_attempts_total",
                         "Tries at providers with several keys, by the position of the key.",
                         MetricType::Counter),
                  {"provider", "key", "outcome"}, &Shard::key_attempts_));
  out.push_back(token_counters(counted_, &Shard::tokens_));
  out.push_back(
      counters<4>(counted_,
                  family("tollgate_cost_usd_total",
                         "What attempts cost; source says how that is known.", MetricType::Counter),
                  {"model", "team", "provider", "source"}, &Shard::cost_, kPicoUsdPerUsd));
  out.push_back(counters<3>(
      counted_,
      family("tollgate_accounting_doubts_total",
             "Attempts whose accounting deserves a second look, by reason.", MetricType::Counter),
      {"provider", "model", "reason"}, &Shard::doubts_));
  out.push_back(counters<2>(
      counted_,
      family(
          "tollgate_hedges_total",
          "Requests whose first target was too slow to begin, by what came of asking a second one "
          "beside it; withheld: it was not asked, since too many were of late.",
          MetricType::Counter),
      {"route", "outcome"}, &Shard::hedges_));
  out.push_back(counters<2>(
      counted_,
      family("tollgate_rescues_total",
             "Streams that broke off in the middle and that another target was to go on with.",
             MetricType::Counter),
      {"route", "outcome"}, &Shard::rescues_));
  out.push_back(
      counters<3>(counted_,
                  family("tollgate_compared_priced_usd_total",
                         "What our prices say of the attempts whose provider says what they cost "
                         "too, in the answer or in a receipt.",
                         MetricType::Counter),
                  {"provider", "model", "told_by"}, &Shard::compared_priced_, kPicoUsdPerUsd));
  out.push_back(
      counters<3>(counted_,
                  family("tollgate_compared_reported_usd_total",
                         "What the providers say of the same attempts.", MetricType::Counter),
                  {"provider", "model", "told_by"}, &Shard::compared_reported_, kPicoUsdPerUsd));
  out.push_back(
      counters<2>(counted_,
                  family("tollgate_zero_cost_alarms_total",
                         "Attempts reported to cost nothing that our prices say cost something.",
                         MetricType::Counter),
                  {"provider", "model"}, &Shard::zero_costs_));
  out.push_back(histograms<3>(
      counted_,
      family("tollgate_request_duration_seconds",
             "From the end of a request's head to the end of its answer.", MetricType::Histogram),
      {"provider", "model", "outcome"}, &Shard::durations_));
  out.push_back(histograms<2>(
      counted_,
      family("tollgate_time_to_first_token_seconds",
             "From a request's arrival to its first content byte out.", MetricType::Histogram),
      {"provider", "model"}, &Shard::first_tokens_));

  DurationSum<kOverheadBounds> overhead;
  for (const Shard* shard : counted_) overhead.add(shard->overhead_);
  out.push_back(family("tollgate_gateway_overhead_seconds",
                       "The gateway's own share of a request: neither upstream nor client.",
                       MetricType::Histogram));
  overhead.add_to(out.back(), {});

  DurationSum<kOverheadBounds> journal_waits;
  for (const Shard* shard : counted_) journal_waits.add(shard->journal_waits_);
  out.push_back(family("tollgate_journal_wait_seconds",
                       "How long an attempt waited for its hold to be on the disk (mode power).",
                       MetricType::Histogram));
  journal_waits.add_to(out.back(), {});

  std::uint64_t journal_refusals = 0;
  for (const Shard* shard : counted_) journal_refusals += shard->journal_refusals_.read();
  out.push_back(family("tollgate_journal_refused_total",
                       "Attempts, and further parts of streams, refused because they could not be "
                       "written down.",
                       MetricType::Counter));
  add_counter(out.back(), {}, static_cast<double>(journal_refusals));

  MetricFamily rejected =
      family("tollgate_rejected_total",
             "Requests refused before a model and key were known, by reason.", MetricType::Counter);
  for (const config::ErrorShape& shape : config::kErrorShapes) {
    std::uint64_t sum = 0;
    for (const Shard* shard : counted_) {
      sum += shard->rejected_[static_cast<std::size_t>(shape.code)].read();
    }
    if (sum == 0) continue;
    add_counter(rejected, labelled("reason", config::to_string(shape.code)),
                static_cast<double>(sum));
  }
  out.push_back(std::move(rejected));

  MetricFamily handshakes = family(
      "tollgate_tls_handshakes_total",
      "TLS handshakes of clients, by how they ended; plain_http: a client forgot the s of https.",
      MetricType::Counter);
  for (std::size_t end = 0; end < kHandshakes.size(); ++end) {
    std::uint64_t sum = 0;
    for (const Shard* shard : counted_) sum += shard->handshakes_[end].read();
    if (sum == 0) continue;
    add_counter(handshakes, labelled("result", kHandshakes[end]), static_cast<double>(sum));
  }
  out.push_back(std::move(handshakes));

  MetricFamily streams =
      family("tollgate_open_streams", "Streamed answers under way, by worker.", MetricType::Gauge);
  MetricFamily connections =
      family("tollgate_open_connections", "Client connections open, by worker.", MetricType::Gauge);
  for (std::size_t i = 0; i < shards_.size(); ++i) {
    const std::string worker = std::to_string(i);
    add_gauge(streams, labelled("worker", worker),
              static_cast<double>(shards_[i].open_streams_.read()));
    add_gauge(connections, labelled("worker", worker),
              static_cast<double>(shards_[i].open_connections_.read()));
  }
  out.push_back(std::move(streams));
  out.push_back(std::move(connections));

  out.push_back(family("tollgate_log_lines_dropped_total",
                       "Log lines given up because whoever reads the log is too slow.",
                       MetricType::Counter));
  add_counter(out.back(), {}, static_cast<double>(log::dropped()));

  ClientMetric build;
  for (const auto& [name, value] : build_) build.label.push_back({name, value});
  out.push_back(
      family("tollgate_build_info", "Always 1; what runs is in its labels.", MetricType::Gauge));
  add_gauge(out.back(), std::move(build), 1);

  for (const Further& further : further_) further(out);
  add_process_metrics(out);
  return out;
}

std::string Metrics::text() const {
  return prometheus::TextSerializer().Serialize(Collect());
}

}  // namespace gateway::metrics

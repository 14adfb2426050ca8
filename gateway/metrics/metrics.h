#pragma once
// Everything /metrics shows: one shard per worker, and those of other threads that count,
// summed when somebody asks. Owned by App and built before the workers, whose shards live in
// it; collect() may run on any thread while they count. Counters start at zero with the process.

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include <prometheus/collectable.h>
#include <prometheus/metric_family.h>

#include "gateway/metrics/shard.h"

namespace gateway::metrics {

// Label names and values of tollgate_build_info; `version` is one of them.
using BuildInfo = std::vector<std::pair<std::string, std::string>>;

class Metrics final : public prometheus::Collectable {
 public:
  Metrics(BuildInfo build, int workers);
  ~Metrics() override;
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  // The shard of the worker with this index, counted from 0.
  Shard& shard(int worker) { return shards_[static_cast<std::size_t>(worker)]; }

  // A shard of another thread than a worker's. Before the first Collect(); it outlives this.
  void include(const Shard& shard) { counted_.push_back(&shard); }

  // Appends families that others keep the figures of. Before the first Collect(); what it
  // refers to outlives the last one.
  using Further = std::function<void(std::vector<prometheus::MetricFamily>&)>;
  void also(Further further) { further_.push_back(std::move(further)); }

  std::vector<prometheus::MetricFamily> Collect() const override;

  // The same as Prometheus' text format.
  std::string text() const;

 private:
  // Constant after construction.
  const BuildInfo build_;
  std::vector<Further> further_;

  // Each touched by its worker, and read by any thread.
  std::vector<Shard> shards_;
  std::vector<const Shard*> counted_;  // those, and what was included
};

}  // namespace gateway::metrics

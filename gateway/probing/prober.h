#pragma once
// Asks providers whose targets are left alone whether they are back, where their `probe` says
// with what. Each question is a GET that buys nothing, is no attempt, and is held and recorded
// nowhere. Costs nothing while every target works or no provider says so.
//
// The control thread's, on connections of its own; its questions belong to the group and end
// with it.

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <prometheus/metric_family.h>

#include "config/base/clock.h"
#include "gateway/deadlines.h"
#include "gateway/probing/agenda.h"
#include "gateway/snapshot.h"
#include "gateway/task_group.h"
#include "gateway/upstream/circuit_breakers.h"
#include "gateway/upstream/pool.h"

namespace gateway::probing {

class Prober {
 public:
  // All outlives this.
  struct Around {
    net::io_context& io;
    Deadlines& deadlines;
    const config::Clock& clock;
    const upstream::CircuitBreakers& breakers;
    TaskGroup& tasks;
  };
  // `configuration`: the newest, asked for at every tick.
  using Configuration = std::function<std::shared_ptr<const Snapshot>()>;
  Prober(const Around& around, Configuration configuration);
  Prober(const Prober&) = delete;
  Prober& operator=(const Prober&) = delete;

  // Once a second or so: asks what is due.
  void tick();

  // tollgate_probes_total. The control thread.
  void add_metrics(std::vector<prometheus::MetricFamily>& families) const;

 private:
  class Asking;

  void answered(const Agenda::Question& question, const config::Result<void>& answer);

  const Around around_;
  const Configuration configuration_;
  upstream::Pools pools_;
  Agenda agenda_;
  std::map<std::pair<std::string, std::string>, std::uint64_t> counts_;  // provider, outcome
};

}  // namespace gateway::probing

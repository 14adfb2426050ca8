#pragma once
// One thread and everything that traffic taught it: its event loop, deadlines,
// upstream connections, parsers, metrics shard and current snapshot. Nothing here but
// the limits and how targets fare is shared with another worker; a request never leaves the one
// that accepted it.

#include <atomic>
#include <memory>
#include <random>

#include "config/base/clock.h"
#include "gateway/async.h"
#include "gateway/deadlines.h"
#include "gateway/ledger/record_sink.h"
#include "gateway/limits/limiter.h"
#include "gateway/snapshot.h"
#include "gateway/upstream/circuit_breakers.h"
#include "gateway/upstream/latencies.h"
#include "gateway/upstream/pool.h"
#include "providers/wire/json_workspace.h"

namespace gateway {

class Worker {
 public:
  Worker(const config::Clock& clock, RecordSink& records, limits::Limiter& limiter,
         std::atomic<int>& drains, upstream::CircuitBreakers& breakers,
         upstream::Latencies& latencies, const std::shared_ptr<const Snapshot>& snapshot,
         std::uint64_t seed)
      : clock_(clock),
        limiter_(limiter),
        drains_(drains),
        records_(records),
        breakers_(breakers),
        latencies_(latencies),
        snapshot_(pin(snapshot)),
        random_(seed) {}
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  const config::Clock& clock() const { return clock_; }
  RecordSink& records() { return records_; }
  limits::Limiter& limiter() { return limiter_; }
  // Answers that are read although their client has left, in all workers.
  std::atomic<int>& drains() { return drains_; }

  net::io_context& io() { return io_; }
  Deadlines& deadlines() { return deadlines_; }
  upstream::Pools& pools() { return pools_; }
  upstream::BreakerView& breakers() { return breakers_; }
  upstream::LatencyView& latencies() { return latencies_; }
  providers::JsonWorkspace& json() { return json_; }
  std::mt19937_64& random() { return random_; }

  // This moment's view of the configuration; a request keeps the one it began with.
  std::shared_ptr<const Snapshot> snapshot() const { return snapshot_; }
  // From any thread: the worker swaps to `next` between two of its tasks.
  void adopt(const std::shared_ptr<const Snapshot>& next) {
    net::post(io_, [this, mine = pin(next)]() mutable { snapshot_ = std::move(mine); });
  }

 private:
  // Constant after construction.
  const config::Clock& clock_;
  // What workers share: a limit holds for all of them.
  limits::Limiter& limiter_;
  std::atomic<int>& drains_;

  // Touched only on this worker's thread.
  RecordSink& records_;
  upstream::BreakerView breakers_;
  upstream::LatencyView latencies_;
  // Others post to it; its sockets are this thread's alone and need no locks.
  net::io_context io_{BOOST_ASIO_CONCURRENCY_HINT_UNSAFE_IO};
  Deadlines deadlines_{io_, clock_};
  upstream::Pools pools_{io_, deadlines_, clock_};
  providers::JsonWorkspace json_;
  std::shared_ptr<const Snapshot> snapshot_;
  std::mt19937_64 random_;
};

}  // namespace gateway

#pragma once
// Reconciles in a running gateway: now and then a pass over the last while, slowly, and passes
// that somebody asks for, one at a time. What receipts correct is told to the budgets too. The
// control thread's; ends with the group it belongs to.

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <boost/asio/steady_timer.hpp>
#include <prometheus/metric_family.h>

#include "config/base/clock.h"
#include "config/config.h"
#include "gateway/accounting.h"
#include "gateway/deadlines.h"
#include "gateway/limits/limiter.h"
#include "gateway/query_threads.h"
#include "gateway/reconcile/pass.h"
#include "gateway/reconcile/schedule.h"
#include "gateway/reconcile/without_id.h"
#include "gateway/snapshot.h"
#include "gateway/task_group.h"
#include "gateway/upstream/pool.h"

namespace gateway::reconcile {

class Background {
 public:
  // What passes need; all outlives this.
  struct Around {
    net::io_context& io;
    Deadlines& deadlines;
    const config::Clock& clock;
    Accounting& accounting;
    limits::Limiter& limiter;
    QueryThreads& queries;
    TaskGroup& tasks;
  };
  // `configuration`: the newest, asked for at every pass.
  using Configuration = std::function<std::shared_ptr<const Snapshot>()>;
  Background(const Around& around, Configuration configuration);
  Background(const Background&) = delete;
  Background& operator=(const Background&) = delete;

  // The first pass comes after `ledger.reconcile.every`, since what is young has no receipt yet.
  void start();
  // The configuration was loaded anew.
  void adopt();

  // Errors: conflict, while another pass is under way; overloaded, where another process writes
  // the ledger and something is to be booked.
  config::Result<void> may_run(const Wanted& wanted) const;
  // A pass that somebody asked for, after may_run(). One of our own that is due meanwhile waits.
  Awaitable<config::Result<Outcomes>> run(Wanted wanted, Listener& listener);
  // Ends the pass of this listener, if it is under way.
  void end(const Listener& listener);

  // tollgate_reconcile_…. Any thread.
  void add_metrics(std::vector<prometheus::MetricFamily>& families) const;

 private:
  class Ledger;
  class Round;

  void wait();
  void next();
  void go_on();
  void found(const Finding& finding);
  void note_without_id(const config::Reconcile& pace);

  const Around around_;
  const Configuration configuration_;
  upstream::Pools pools_;
  net::steady_timer timer_;
  std::chrono::milliseconds every_{0};  // what is waited for; 0: nothing is
  Round* under_way_ = nullptr;          // from its beginning to its end, however it ends
  bool due_ = false;                    // our own waits for one that was asked for
  Schedule schedule_;
  WithoutId without_id_;

  // Written by the control thread.
  std::atomic<std::uint64_t> verdicts_[7]{};  // by Verdict
  std::atomic<std::uint64_t> raised_{0};      // pico-USD
  std::atomic<std::uint64_t> lowered_{0};
  std::atomic<std::size_t> without_id_attempts_{0};
  std::atomic<double> without_id_usd_{0};
};

}  // namespace gateway::reconcile

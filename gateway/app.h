#pragma once
// Builds every part in order and takes them down in reverse: metrics, workers with
// their listeners, the admin listener, signals. The only place that sees all parts. Runs
// on the control thread.

#include <atomic>
#include <cstddef>
#include <memory>
#include <optional>
#include <vector>

#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>

#include "config/base/clock.h"
#include "gateway/accounting.h"
#include "gateway/admin/config_api.h"
#include "gateway/admin/reconcile_api.h"
#include "gateway/admin/targets_api.h"
#include "gateway/admin/tokens.h"
#include "gateway/certificates.h"
#include "gateway/doors.h"
#include "gateway/handover.h"
#include "gateway/http/listener.h"
#include "gateway/key_control.h"
#include "gateway/metrics/metrics.h"
#include "gateway/probing/prober.h"
#include "gateway/query_threads.h"
#include "gateway/reconcile/background.h"
#include "gateway/reload.h"
#include "gateway/shutdown.h"
#include "gateway/worker_thread.h"

namespace gateway {

class App {
 public:
  // How many threads serve clients.
  static int worker_count(const config::Server& server);

  // Binds what is missing of the doors; throws std::system_error where it cannot, and
  // std::runtime_error where their certificates cannot be used.
  // The limiter is the one that the keys count in. It and the accounting outlive the app.
  // `began`: the configuration that the keys were opened with.
  App(std::unique_ptr<KeyControl> keys, admin::Tokens tokens, CompiledConfig began,
      Reloader::Compile compile, Doors doors, limits::Limiter& limiter, Accounting& accounting);
  ~App();

  std::uint16_t client_port() const { return workers_.front()->port(); }
  std::uint16_t admin_port() const { return admin_listener_.port(); }

  // `before`: whose place it takes, who then ends; nullptr: nobody's.
  // Serves until SIGTERM, then drains; a second one, SIGINT or SIGQUIT hurries. SIGHUP
  // reloads. Returns the exit status.
  int run_until_signalled(Predecessor* before = nullptr);

 private:
  void await_signal();
  void on_signal(int signal);
  void adopt(const std::shared_ptr<const Snapshot>& next);
  void tick();
  void may_be_followed(bool after);
  std::size_t connections_allowed() const;
  http::Endpoints admin_endpoints();

  const config::SystemClock clock_;
  const std::unique_ptr<KeyControl> keys_;
  Reloader reloader_;
  const admin::Tokens tokens_;
  metrics::Metrics metrics_;
  const std::size_t descriptors_;
  http::ConnectionCount client_connections_;
  http::Room room_;
  Certificates certificates_;
  http::ConnectionCount client_handshakes_;
  limits::Limiter& limiter_;
  Accounting& accounting_;
  std::atomic<int> drains_{0};  // Worker::drains()
  upstream::CircuitBreakers breakers_;
  upstream::Latencies latencies_;
  std::vector<std::unique_ptr<WorkerThread>> workers_;

  // The control thread's.
  net::io_context control_{1};
  Shutdown shutdown_;
  Deadlines deadlines_{control_, clock_};
  TaskGroup admin_connections_;
  http::ConnectionCount admin_count_;
  http::ConnectionCount admin_handshakes_;
  http::Endpoints admin_endpoints_;
  http::Door admin_door_;
  http::Listener admin_listener_;
  net::signal_set signals_;
  net::steady_timer next_tick_;
  unsigned ticks_ = 0;
  QueryThreads queries_;
  reconcile::Background reconciling_;
  probing::Prober prober_;
  const admin::ReconcileSource reconcile_source_;
  const admin::TargetsSource targets_source_;
  const admin::ConfigSource config_source_;
  std::optional<Handover> handover_;
};

}  // namespace gateway

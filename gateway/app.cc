#include "gateway/app.h"

#include <csignal>
#include <exception>
#include <sched.h>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>

#include "gateway/admin/api_endpoints.h"
#include "gateway/admin/error_json.h"
#include "gateway/admin/pages.h"
#include "gateway/admin/reconcile_api.h"
#include "gateway/admin/usage_api.h"
#include "gateway/circuit_metrics.h"
#include "gateway/descriptors.h"
#include "gateway/log.h"
#include "gateway/money_metrics.h"
#include "gateway/overload_metrics.h"
#include "gateway/version.h"

namespace gateway {
namespace {

// Scrapes and probes come from few; a flood of them must not use up descriptors.
constexpr std::size_t kAdminConnections = 256;
// A report takes well under a second; more at once only wait for the disk.
constexpr int kQueryThreads = 2;
constexpr std::size_t kWaitingQueries = 32;

// CPUs this process may use, which a container or taskset makes fewer than there are.
int usable_cpus() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof set, &set) != 0) return 1;
  return std::max(1, CPU_COUNT(&set));
}

Awaitable<void> show(http::Reply& reply, admin::Page page) {
  providers::Body body;
  body.borrow(page.body);
  co_await reply.send(page.status, page.content_type, body);
}

}  // namespace

int App::worker_count(const config::Server& server) {
  return server.workers > 0 ? server.workers : usable_cpus();
}

App::App(std::unique_ptr<KeyControl> keys, admin::Tokens tokens, CompiledConfig began,
         Reloader::Compile compile, Doors doors, limits::Limiter& limiter, Accounting& accounting)
    : keys_(std::move(keys)),
      reloader_(
          std::move(began), std::move(compile), [this](const auto& next) { adopt(next); }, clock_),
      tokens_(tokens),
      metrics_({{"version", kVersion}}, worker_count(keys_->snapshot()->config().server)),
      descriptors_(raise_descriptor_limit()),
      client_connections_(connections_allowed()),
      room_(keys_->snapshot()->config().server),
      certificates_(keys_->snapshot()->config()),
      client_handshakes_(keys_->snapshot()->config().server.tls.handshakes_at_once),
      limiter_(limiter),
      accounting_(accounting),
      // The admin listener stays to the last, so that probes see readiness end.
      shutdown_(control_, workers_, [this] { control_.stop(); }),
      admin_count_(kAdminConnections),
      admin_handshakes_(keys_->snapshot()->config().admin.tls.handshakes_at_once),
      admin_endpoints_(admin_endpoints()),
      admin_door_{.endpoints = admin_endpoints_,
                  .limits = keys_->snapshot()->config().server,
                  .deadlines = deadlines_,
                  .clock = clock_,
                  .tasks = admin_connections_,
                  .count = admin_count_,
                  .error_json = admin::error_json},
      admin_listener_(control_, doors.for_admin(keys_->snapshot()->config().admin.listen),
                      admin_door_),
      signals_(control_),
      next_tick_(control_),
      queries_(kQueryThreads, kWaitingQueries),
      reconciling_(
          {control_, deadlines_, clock_, accounting_, limiter_, queries_, admin_connections_},
          [this] { return keys_->snapshot(); }),
      prober_({control_, deadlines_, clock_, breakers_, admin_connections_},
              [this] { return keys_->snapshot(); }),
      reconcile_source_{.passes = reconciling_,
                        .clock = clock_,
                        .note =
                            [this](const std::string& who, const std::string& asked) {
                              return keys_->note(who, "reconcile", "ledger", asked);
                            }},
      targets_source_{.snapshot = [this] { return keys_->snapshot(); },
                      .breakers = breakers_,
                      .clock = clock_,
                      .note =
                          [this](const std::string& who, std::string_view action,
                                 const std::string& target, const std::string& asked) {
                            return keys_->note(who, std::string(action), target, asked);
                          }},
      config_source_{
          .reloader = reloader_, .clock = clock_, .note = [this](const std::string& who) {
            return keys_->note(who, "reload", "configuration", "{}");
          }} {
  for (const int signal : {SIGTERM, SIGINT, SIGQUIT, SIGHUP}) signals_.add(signal);
  const Shared shared{clock_,
                      metrics_,
                      client_connections_,
                      room_,
                      shutdown_.draining(),
                      limiter_,
                      drains_,
                      breakers_,
                      latencies_,
                      client_handshakes_,
                      certificates_.client()};
  if (certificates_.admin()) {
    admin_door_.tls = std::make_unique<http::TlsDoor>(
        http::TlsDoor{.server = certificates_.admin(),
                      .time_limit = keys_->snapshot()->config().admin.tls.handshake_timeout,
                      .under_way = admin_handshakes_,
                      .turns = http::HandshakeTurns(control_.get_executor())});
  }
  metrics_.include(accounting_.counted());
  metrics_.also([this](std::vector<prometheus::MetricFamily>& families) {
    add_overload_metrics(room_, client_connections_, families);
    add_ledger_metrics(accounting_.writer(), accounting_.journals(), families);
    add_budget_metrics(limiter_, limits::Now::of(clock_), families);
    add_circuit_metrics(*keys_->snapshot(), breakers_, clock_.now(), families);
    prober_.add_metrics(families);
    reconciling_.add_metrics(families);
    reloader_.add_metrics(families);
    certificates_.add_metrics(families);
  });
  const config::Server& server = keys_->snapshot()->config().server;
  for (auto& sockets : doors.for_workers(server.listen, worker_count(server))) {
    const int index = static_cast<int>(workers_.size());
    workers_.push_back(std::make_unique<WorkerThread>(index, shared, accounting_, keys_->snapshot(),
                                                      std::move(sockets)));
  }
  admin_door_.on_refusal = [this](const http::Refusal& refusal) {
    log::warn("admin request refused", {{"request", refusal.request_id},
                                        {"path", admin_endpoints_.known_part(refusal.path)},
                                        {"code", config::to_string(refusal.error.code)}});
  };
  keys_->serve(
      [this](const std::shared_ptr<const Snapshot>& next) {
        for (auto& worker : workers_) worker->adopt(next);
      },
      {keys_->snapshot()->config().admin.listen.host, admin_port()});
}

// Workers tell the control thread what they do, and open admin connections refer to
// everything here.
App::~App() {
  accounting_.stop_syncing();
  workers_.clear();
  admin_listener_.stop();
  queries_.end();  // connections wait for their answers
  if (!end_all(admin_connections_, control_)) log::error("admin connections do not end", {});
}

http::Endpoints App::admin_endpoints() {
  using http::verb;
  const auto metrics = [this](const http::Request&, http::Reply& reply) {
    return show(reply, admin::metrics(metrics_));
  };
  const auto alive = [](const http::Request&, http::Reply& reply) {
    return show(reply, admin::alive());
  };
  const auto ready = [this](const http::Request&, http::Reply& reply) {
    return show(reply, admin::ready(shutdown_.draining().load(std::memory_order_relaxed)));
  };
  const auto keys = [this](const admin::Call& call) { return keys_->handle(call); };
  const auto usage = admin::usage_handle({
      .database = keys_->snapshot()->config().ledger.database,
      .zone = "UTC",
      .lag_ms = [this]() -> std::optional<std::int64_t> {
        const LedgerWriter* writer = accounting_.writer();
        if (writer == nullptr) return std::nullopt;  // only who writes it could say
        return writer->lag().count();
      },
      .clock = clock_,
      .queries = queries_,
  });
  const auto reconcile = [this](const admin::Call& call, http::Reply& reply) {
    return admin::reconcile(reconcile_source_, call, reply);
  };
  const auto targets = [this](const admin::Call& call) {
    return admin::targets(targets_source_, call);
  };
  const auto config = [this](const admin::Call& call) {
    return admin::config(config_source_, call);
  };
  const auto reload = [this](const admin::Call& call) {
    return admin::reload(config_source_, call);
  };
  using admin::Role;
  auto table =
      admin::api_endpoints(tokens_, {
                                        {verb::get, "/api/keys", Role::viewer, keys},
                                        {verb::post, "/api/keys", Role::admin, keys},
                                        {verb::get, "/api/keys/", Role::viewer, keys},
                                        {verb::post, "/api/keys/", Role::admin, keys},
                                        {verb::patch, "/api/keys/", Role::admin, keys},
                                        {verb::delete_, "/api/keys/", Role::admin, keys},
                                        {verb::get, "/api/audit", Role::viewer, keys},
                                        {verb::get, "/api/targets", Role::viewer, targets},
                                        {verb::post, "/api/targets/", Role::admin, targets},
                                        {verb::get, "/api/config", Role::viewer, config},
                                        {verb::post, "/api/reload", Role::admin, reload},
                                        {verb::get, "/api/usage", Role::viewer, usage},
                                        {verb::post, "/api/reconcile", Role::admin, {}, reconcile},
                                    });
  // Whoever is on this machine may look at counters.
  const bool local = config::is_loopback(keys_->snapshot()->config().admin.listen.host);
  const auto gate = local ? http::Gate() : admin::gate_for(tokens_, Role::viewer);
  table.push_back({verb::get, "/metrics", false, gate, metrics});
  table.push_back({verb::get, "/healthz", false, {}, alive});
  table.push_back({verb::get, "/readyz", false, {}, ready});
  return http::Endpoints(std::move(table));
}

int App::run_until_signalled(Predecessor* before) {
  await_signal();
  tick();
  reconciling_.start();
  admin_listener_.start();
  for (auto& worker : workers_) worker->start();
  log::info("serving", {{"version", std::string_view(kVersion)},
                        {"address", keys_->snapshot()->config().server.listen.host},
                        {"port", client_port()},
                        {"admin_port", admin_port()},
                        {"admin_token_file", keys_->snapshot()->config().admin.token_file},
                        {"workers", workers_.size()}});
  accounting_.say_who_writes();
  if (before != nullptr) before->serving();
  may_be_followed(before != nullptr);
  control_.run();
  accounting_.stop_syncing();
  workers_.clear();
  keys_->stop();
  accounting_.stop();
  log::info("stopped", {});
  return 0;
}

void App::may_be_followed(bool after) {
  Handover::Descriptors descriptors;
  descriptors.admin = admin_listener_.descriptor();
  for (const auto& worker : workers_) {
    for (const int one : worker->descriptors()) descriptors.clients.push_back(one);
  }
  const config::Config& config = keys_->snapshot()->config();
  handover_.emplace(control_, config.ledger.database, std::move(descriptors), [this] {
    log::info("a newer gateway serves in place of this one", {});
    // Whoever looks for the gateway finds the newer one.
    admin_listener_.stop();
    shutdown_.drain(keys_->snapshot()->config().server.drain_timeout);
  });
  if (auto open = handover_->open(after); !open) {
    log::warn("no newer gateway can take this one's place while it runs",
              {{"why", open.error().message}});
  }
}

void App::await_signal() {
  signals_.async_wait([this](error_code failed, int signal) {
    if (failed) return;
    await_signal();
    on_signal(signal);
  });
}

void App::on_signal(int signal) {
  if (signal == SIGHUP) return (void)reloader_.reload(LoadedBy::signal);
  log::info("told to stop", {{"signal", signal}, {"connections", client_connections_.open()}});
  if (handover_) handover_->close();
  if (signal == SIGTERM) return shutdown_.drain(keys_->snapshot()->config().server.drain_timeout);
  shutdown_.hurry();
}

std::size_t App::connections_allowed() const {
  const std::size_t wanted = keys_->snapshot()->config().server.max_connections;
  const std::size_t allowed = connections_within(descriptors_, wanted);
  if (allowed < wanted) {
    log::warn(
        "fewer clients at once than max_connections, since each may take two descriptors: "
        "raise their limit (ulimit -n, LimitNOFILE) or lower max_connections",
        {{"allowed", allowed}, {"max_connections", wanted}, {"descriptors", descriptors_}});
  }
  return allowed;
}

void App::adopt(const std::shared_ptr<const Snapshot>& next) {
  keys_->adopt(next);
  client_connections_.allow(connections_allowed());
  room_.allow(next->config().server);
  admin_door_.limits = next->config().server;
  certificates_.adopt(next->config());
  for (auto& worker : workers_) worker->adopt_certificate(certificates_.client());
  if (admin_door_.tls) admin_door_.tls->server = certificates_.admin();
  reconciling_.adopt();
}

void App::tick() {
  keys_->tick();
  reloader_.tick();
  prober_.tick();
  if (keys_->may_follow()) {
    net::co_spawn(control_, keys_->follow(), [](const std::exception_ptr& failed) {
      if (failed)
        log::error("a look at the keys failed; the next one takes in what it did not", {});
    });
  }
  constexpr unsigned kTidyEvery = 60;
  if (ticks_++ % kTidyEvery == 0) accounting_.tidy();
  next_tick_.expires_after(std::chrono::seconds(1));
  next_tick_.async_wait([this](error_code cancelled) {
    if (!cancelled) tick();
  });
}

}  // namespace gateway

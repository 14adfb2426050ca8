#include "gateway/worker_thread.h"

#include <pthread.h>
#include <random>
#include <utility>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <fmt/format.h>

#include "gateway/client_endpoints.h"
#include "gateway/log.h"

namespace gateway {

WorkerThread::WorkerThread(int index, const Shared& shared, Accounting& accounting,
                           const std::shared_ptr<const Snapshot>& snapshot,
                           std::vector<http::ListeningSocket> sockets)
    : index_(index),
      journal_(accounting.journals(), index, shared.clock),
      recorder_(shared.metrics.shard(index), journal_, accounting.sync(), shared.clock),
      worker_(shared.clock, recorder_, shared.limiter, shared.drains, shared.breakers,
              shared.latencies, snapshot, std::random_device{}()),
      chat_(worker_),
      endpoints_(client_endpoints(worker_, chat_, shared.draining)),
      door_{.endpoints = endpoints_,
            .limits = snapshot->config().server,
            .deadlines = worker_.deadlines(),
            .clock = shared.clock,
            .tasks = connections_,
            .count = shared.connections,
            .room = &shared.room},
      keep_running_(net::make_work_guard(worker_.io())) {
  for (http::ListeningSocket& socket : sockets) {
    listeners_.emplace_back(worker_.io(), std::move(socket), door_);
  }
  door_.on_refusal = [this](const http::Refusal& refusal) {
    recorder_.refused(refusal.request_id, refusal.error);
  };
  door_.on_connection = [&shard = shared.metrics.shard(index)](bool open) {
    open ? shard.connection_opened() : shard.connection_closed();
  };
  if (shared.tls) {
    door_.tls = std::make_unique<http::TlsDoor>(
        http::TlsDoor{.server = shared.tls,
                      .time_limit = door_.limits.tls.handshake_timeout,
                      .under_way = shared.handshakes,
                      .turns = http::HandshakeTurns(worker_.io().get_executor()),
                      .on_handshake = [&shard = shared.metrics.shard(index)](http::Handshake end) {
                        shard.handshake(static_cast<std::size_t>(end));
                      }});
  }
  door_.on_exception = [](std::string_view request_id, std::string_view what) {
    log::error("a request ended in an exception", {{"request", request_id}, {"what", what}});
  };
}

WorkerThread::~WorkerThread() {
  keep_running_.reset();
  worker_.io().stop();
  if (thread_.joinable()) thread_.join();
  // What is open refers to everything here: it ends first, on this thread now.
  for (auto& listener : listeners_) listener.stop();
  if (!end_all(connections_, worker_.io())) log::error("connections outlive their worker", {});
}

std::vector<int> WorkerThread::descriptors() const {
  std::vector<int> out;
  for (const auto& listener : listeners_) out.push_back(listener.descriptor());
  return out;
}

void WorkerThread::start() {
  for (auto& listener : listeners_) listener.start();
  thread_ = std::thread([this] {
    ::pthread_setname_np(::pthread_self(), fmt::format("worker-{}", index_).c_str());
    worker_.io().run();
  });
}

void WorkerThread::adopt(const std::shared_ptr<const Snapshot>& next) {
  worker_.adopt(next);
  net::post(worker_.io(), [this, limits = next->config().server] { door_.limits = limits; });
}

void WorkerThread::adopt_certificate(const std::shared_ptr<const tls::Server>& next) {
  net::post(worker_.io(), [this, next] {
    if (door_.tls && next) door_.tls->server = next;
  });
}

void WorkerThread::drain(std::function<void()> done) {
  net::post(worker_.io(), [this, done = std::move(done)]() mutable {
    for (auto& listener : listeners_) listener.stop();
    worker_.pools().clear();
    connections_.drain();
    connections_.when_empty(std::move(done));
  });
}

void WorkerThread::hurry() {
  net::post(worker_.io(), [this] { connections_.hurry(); });
}

void WorkerThread::cut() {
  net::post(worker_.io(), [this] { connections_.cut(); });
}

}  // namespace gateway

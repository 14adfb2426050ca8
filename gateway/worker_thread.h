#pragma once
// A worker with its door to the clients, and the thread that runs both. Built and
// ended by App on the control thread; drain() and adopt() hand work to the worker's.

#include <atomic>
#include <functional>
#include <list>
#include <memory>
#include <thread>
#include <vector>

#include "gateway/accounting.h"
#include "gateway/chat/chat_handler.h"
#include "gateway/http/door.h"
#include "gateway/http/listener.h"
#include "gateway/recorder.h"
#include "gateway/task_group.h"
#include "gateway/worker.h"

namespace gateway {

// What all workers share, by reference; outlives them.
struct Shared {
  const config::Clock& clock;
  metrics::Metrics& metrics;
  http::ConnectionCount& connections;
  http::Room& room;
  const std::atomic<bool>& draining;
  limits::Limiter& limiter;
  std::atomic<int>& drains;  // Worker::drains()
  upstream::CircuitBreakers& breakers;
  upstream::Latencies& latencies;
  http::ConnectionCount& handshakes;       // TLS handshakes under way
  std::shared_ptr<const tls::Server> tls;  // nullptr: the door is a plain one
};

class WorkerThread {
 public:
  WorkerThread(int index, const Shared& shared, Accounting& accounting,
               const std::shared_ptr<const Snapshot>& snapshot,
               std::vector<http::ListeningSocket> sockets);
  // Ends the thread, whatever is under way; drain first.
  ~WorkerThread();
  WorkerThread(const WorkerThread&) = delete;
  WorkerThread& operator=(const WorkerThread&) = delete;

  std::uint16_t port() const { return listeners_.front().port(); }
  // What it listens on, until it drains.
  std::vector<int> descriptors() const;
  void start();

  // From the control thread.
  void adopt(const std::shared_ptr<const Snapshot>& next);
  // From the next handshake on, where the door speaks TLS.
  void adopt_certificate(const std::shared_ptr<const tls::Server>& next);
  // Accepts no more and lets what is open finish; `done` runs on the worker's thread when
  // the last connection has gone.
  void drain(std::function<void()> done);
  // Tells the clients of what is still open that there is no more time, and ends it.
  void hurry();
  // Ends what is still open, whatever is lost.
  void cut();

 private:
  const int index_;
  Journal journal_;
  Recorder recorder_;
  Worker worker_;
  chat::ChatHandler chat_;
  TaskGroup connections_;
  http::Endpoints endpoints_;
  http::Door door_;
  std::list<http::Listener> listeners_;
  net::executor_work_guard<Executor> keep_running_;
  std::thread thread_;
};

}  // namespace gateway

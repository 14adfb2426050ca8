#pragma once
// A listener with a small table of endpoints on a thread of its own, to be talked to over
// loopback. Records what its handlers were given.

#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "config/base/clock.h"
#include "config/config.h"
#include "gateway/deadlines.h"
#include "gateway/http/door.h"
#include "gateway/http/endpoints.h"
#include "gateway/http/listener.h"
#include "gateway/task_group.h"
#include "gateway/tls/server.h"
#include "tests/support/raw_client.h"

namespace gateway::http {

class LiveDoor {
 public:
  // Port 0: a free one; else the port of another LiveDoor.
  // With `limits.tls`, or with TOLLGATE_TEST_TLS=1 (door_tls.h), it speaks TLS.
  explicit LiveDoor(config::Server limits = {}, std::uint16_t port = 0);
  ~LiveDoor();

  std::uint16_t port() const { return port_; }
  std::string authority() const { return "127.0.0.1:" + std::to_string(port_); }

  // Bodies that reached a handler behind the gate, in order.
  std::vector<std::string> served() const;
  // Codes of the refusals the door made by itself.
  std::vector<config::ErrorCode> refused() const;
  std::vector<std::string> exceptions() const;
  const Room& room() const { return room_; }
  // How handshakes ended, in order; waits until there are that many.
  std::vector<Handshake> handshakes(std::size_t wanted) const;
  // From the next handshake on.
  void use_certificate(const config::DoorTls& files);
  std::size_t clients_seen_leaving() const;

  // Runs `what` on the door's thread and waits for it.
  void on_thread(const std::function<void()>& what);
  void stop_listening_here();  // on_thread() only
  // Another listener that wants the address for itself; never started.
  void listen_also(const config::Endpoint& where);
  void drain();
  void cut();
  std::size_t open_connections();
  // Waits until that many connections are open.
  bool open_connections_become(std::size_t wanted);

  std::vector<test::Answer> exchange(std::string_view bytes) const {
    return test::exchange(port_, bytes);
  }

 private:
  std::vector<Endpoint> table();
  Awaitable<void> chat(const Request& request, Reply& reply);
  // Ends early when the client leaves.
  Awaitable<void> wait_for_nothing(Reply& reply);

  mutable std::mutex mutex_;
  std::vector<std::string> served_;
  std::vector<config::ErrorCode> refused_;
  std::vector<std::string> exceptions_;
  std::vector<Handshake> handshakes_;
  std::size_t left_ = 0;

  config::SystemClock clock_;
  net::io_context io_{1};
  Deadlines deadlines_{io_, clock_};
  TaskGroup tasks_;
  Endpoints endpoints_{table()};
  ConnectionCount count_;
  Room room_;
  ConnectionCount handshakes_under_way_;
  Door door_;
  Listener listener_;
  const std::uint16_t port_;
  net::executor_work_guard<Executor> work_{io_.get_executor()};
  std::thread thread_;
};

// A good chat request with that body, as curl would send it.
std::string chat_request(std::string_view body = R"({"model":"m"})");

}  // namespace gateway::http

#pragma once
// Accepts connections on its own SO_REUSEPORT socket and hands them to a Door. One per
// worker and port; the worker's thread only. The Door outlives it.

#include <cstdint>
#include <memory>

#include "config/config.h"
#include "gateway/async.h"
#include "gateway/http/door.h"

namespace gateway::http {

class Listener {
 public:
  // Binds and listens; throws std::system_error that names the address. Port 0 takes a
  // free one, for further listeners on the same port to name.
  Listener(net::io_context& io, const config::Endpoint& where, Door& door);
  ~Listener();
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  std::uint16_t port() const;
  void start();
  // Takes what the kernel has already accepted for us, then closes. Idempotent.
  void stop();

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace gateway::http

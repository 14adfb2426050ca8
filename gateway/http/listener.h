#pragma once
// Accepts connections on its own SO_REUSEPORT socket and hands them to a Door. One per
// worker and port; the worker's thread only. The Door outlives it.

#include <cstdint>
#include <memory>

#include "config/config.h"
#include "gateway/async.h"
#include "gateway/http/door.h"

namespace gateway::http {

// The kernel would let any process of the same user share a port. So the first listener
// takes the address for itself, and shares it with those that come after it.
enum class Claim : std::uint8_t { first, further };

class Listener {
 public:
  // Binds and listens; throws std::system_error that names the address, `first` also where
  // anybody listens there already. Port 0 takes a free one, for further listeners to name.
  Listener(net::io_context& io, const config::Endpoint& where, Claim claim, Door& door);
  // Closes; stop() first where those in the kernel's queue matter.
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

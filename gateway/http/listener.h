#pragma once
// Accepts connections on a listening socket and hands them to a Door. The worker's thread
// only. The Door outlives it.

#include <cstdint>
#include <memory>

#include "config/config.h"
#include "gateway/async.h"
#include "gateway/http/door.h"
#include "gateway/http/listening_socket.h"

namespace gateway::http {

class Listener {
 public:
  Listener(net::io_context& io, ListeningSocket socket, Door& door);
  // Binds by itself, as ListeningSocket does.
  Listener(net::io_context& io, const config::Endpoint& where, Claim claim, Door& door)
      : Listener(io, ListeningSocket::bind(where, claim), door) {}
  // Closes; stop() first where those in the kernel's queue matter.
  ~Listener();
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  std::uint16_t port() const;
  // For whoever is to listen on it too, until stop().
  int descriptor() const;
  void start();
  // Takes what the kernel has already accepted for us, then closes. Idempotent.
  void stop();

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace gateway::http

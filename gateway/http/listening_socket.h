#pragma once
// A socket that listens for clients: bound by this process, or received from another one that
// keeps listening on it too. Closes it at its end; whoever is in the kernel's queue is reset then,
// unless another process has the socket as well.

#include <cstdint>
#include <utility>

#include "config/base/error.h"
#include "config/network.h"

namespace gateway::http {

// The kernel would let any process of the same user share a port. So the first listener
// takes the address for itself, and shares it with those that come after it.
enum class Claim : std::uint8_t { first, further };

class ListeningSocket {
 public:
  ListeningSocket() = default;
  // Binds and listens; throws std::system_error that names the address, `first` also where
  // anybody listens there already. Port 0 takes a free one, for further ones to name.
  static ListeningSocket bind(const config::Endpoint& where, Claim claim);
  // Owns it from now on. An Error: it is no socket that listens; it is closed.
  static config::Result<ListeningSocket> adopt(int descriptor);

  ~ListeningSocket();
  ListeningSocket(ListeningSocket&& other) noexcept
      : descriptor_(std::exchange(other.descriptor_, -1)) {}
  ListeningSocket& operator=(ListeningSocket&& other) noexcept;

  explicit operator bool() const { return descriptor_ >= 0; }
  config::Endpoint where() const;
  bool is_v6() const;
  // For another that listens on it too; throws std::system_error.
  ListeningSocket duplicate() const;
  int release() { return std::exchange(descriptor_, -1); }

 private:
  explicit ListeningSocket(int descriptor) : descriptor_(descriptor) {}
  int descriptor_ = -1;
};

}  // namespace gateway::http

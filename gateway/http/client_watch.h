#pragma once
// Notices that a client has left while somebody else is being waited for: watches
// the socket for readability and peeks one byte. A byte that exists is a pipelined
// request: it stays there, and from then on only the connection's end is looked for,
// now and then. One per wait, on the connection's thread; `left` runs at most once, never
// after the watch is destroyed. The Reply outlives it.

#include <functional>
#include <memory>

namespace gateway::http {

class Reply;

class ClientWatch {
 public:
  ClientWatch(Reply& reply, std::function<void()> left);
  ~ClientWatch();
  ClientWatch(const ClientWatch&) = delete;
  ClientWatch& operator=(const ClientWatch&) = delete;

  bool client_left() const;
  // For the connection that is being cut: it has no client any more. Runs `left` at once.
  void end();

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace gateway::http

#pragma once
// Notices that a client has left while somebody else is being waited for: after a moment, in
// which most are answered that are answered quickly, watches the socket for readability and
// peeks one byte. A byte that exists is a pipelined
// request: it stays there, and from then on only the connection's end is looked for,
// now and then. One per wait, and waits may overlap; on the connection's thread; `left` runs at
// most once, never after the watch is destroyed. The Reply outlives it.

#include <functional>
#include <memory>

namespace gateway::http {

class Connection;
class Reply;

class ClientWatch {
 public:
  // `hurried`, where there is one, runs when the gateway has no more time for the request,
  // whether the client has left or not; it may run more than once.
  ClientWatch(Reply& reply, std::function<void()> left, std::function<void()> hurried = {});
  ~ClientWatch();
  ClientWatch(const ClientWatch&) = delete;
  ClientWatch& operator=(const ClientWatch&) = delete;

  bool client_left() const;
  // Somebody else has noticed it: runs `left` at once.
  void end();
  // For the connection whose gateway ends; cut() also means that the client is gone.
  void hurry();
  void cut();

 private:
  friend class Connection;
  struct State;
  std::shared_ptr<State> state_;
  ClientWatch* before_ = nullptr;  // of the same connection; its own
};

}  // namespace gateway::http

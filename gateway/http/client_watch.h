#pragma once
// Notices that a client has left while somebody else is being waited for: watches
// the socket for readability and peeks one byte. A byte that exists is a pipelined
// request: it stays there and watching stops. One per wait, on the connection's
// thread; `left` runs at most once, never after the watch is destroyed.

#include <functional>
#include <memory>

#include "gateway/async.h"

namespace gateway::http {

class ClientWatch {
 public:
  ClientWatch(TcpSocket& socket, std::function<void()> left);
  ~ClientWatch();
  ClientWatch(const ClientWatch&) = delete;
  ClientWatch& operator=(const ClientWatch&) = delete;

  bool client_left() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace gateway::http

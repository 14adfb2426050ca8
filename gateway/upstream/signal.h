#pragma once
// One coroutine waits for something another part of the same thread will announce.
// One waiter at a time; an announcement made before the wait is not lost.

#include <chrono>

#include <boost/asio/basic_waitable_timer.hpp>

#include "gateway/async.h"

namespace gateway::upstream {

class Signal {
 public:
  explicit Signal(const Executor& executor) : timer_(executor, Timer::time_point::max()) {}

  Awaitable<> wait() {
    // A timer that never expires: Asio's way to wait for no descriptor at all.
    if (!announced_) co_await timer_.async_wait(kAsTuple);
    announced_ = false;
  }

  void announce() {
    announced_ = true;
    timer_.cancel();
  }

 private:
  using Timer = net::basic_waitable_timer<std::chrono::steady_clock,
                                          net::wait_traits<std::chrono::steady_clock>, Executor>;
  Timer timer_;
  bool announced_ = false;
};

}  // namespace gateway::upstream

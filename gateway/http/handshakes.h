#pragma once
// How one worker's TLS handshakes share its thread with everything else. One per door, its
// thread only.

#include <chrono>
#include <cstdint>
#include <deque>
#include <utility>

#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/post.hpp>

#include "gateway/async.h"

namespace gateway::http {

// How a handshake ended. `too_many`: never begun, closed at once.
enum class Handshake : std::uint8_t { done, failed, timed_out, too_many, plain_http };

// A handshake's arithmetic takes as long as a few small requests. So each of its steps waits
// until whatever else was ready has had its turn: a flood of clients takes at most every
// other turn of the thread.
class HandshakeTurns {
 public:
  explicit HandshakeTurns(Executor executor) : executor_(std::move(executor)) {}

  Awaitable<void> mine() {
    if (!taken_) {
      taken_ = true;
      pass_on_later();
      co_return;
    }
    Timer never(executor_, Timer::time_point::max());
    waiting_.push_back(&never);
    co_await never.async_wait(kAsTuple);
  }

 private:
  using Timer = net::basic_waitable_timer<std::chrono::steady_clock,
                                          net::wait_traits<std::chrono::steady_clock>, Executor>;

  void pass_on_later() {
    net::post(executor_, [this] { pass_on(); });
  }
  void pass_on() {
    if (waiting_.empty()) {
      taken_ = false;
      return;
    }
    Timer* const next = waiting_.front();
    waiting_.pop_front();
    next->cancel();
    pass_on_later();
  }

  Executor executor_;
  bool taken_ = false;
  std::deque<Timer*> waiting_;
};

}  // namespace gateway::http

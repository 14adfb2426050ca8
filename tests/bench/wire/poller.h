#pragma once
// epoll, edge-triggered, so that a descriptor is told of once and then read or written until it
// would wait. One per thread. SIGTERM and SIGINT interrupt wait() and are remembered; they are
// held back everywhere else.

#include <csignal>
#include <cstdint>
#include <functional>

#include "tests/bench/wire/clock.h"

namespace bench {

class Poller {
 public:
  Poller();
  ~Poller();
  Poller(const Poller&) = delete;
  Poller& operator=(const Poller&) = delete;

  // Both directions, until the descriptor is closed. `token` comes back from wait().
  void add(int descriptor, std::uint64_t token);

  // Until something is ready, `until` has come (kNever: it never does), or a signal.
  void wait(Nanoseconds until, const std::function<void(std::uint64_t token)>& ready);

  static bool asked_to_stop();

 private:
  int descriptor_;
  sigset_t while_waiting_{};
};

}  // namespace bench

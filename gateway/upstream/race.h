#pragma once
// Connects to the first of several addresses that answers: each next one is started
// when its forerunner failed or has been silent for kHeadStart, IPv6 and IPv4 taking
// turns (the idea of RFC 8305). Lives in the coroutine that runs it, on its worker's
// thread.

#include <chrono>
#include <cstdint>
#include <memory>

#include "config/base/error.h"
#include "gateway/async.h"
#include "gateway/deadlines.h"
#include "gateway/upstream/resolver.h"
#include "gateway/upstream/signal.h"

namespace gateway::upstream {

class Race {
 public:
  static constexpr std::chrono::milliseconds kHeadStart{250};

  // `wake` is announced by the caller to give up early.
  Race(const Executor& executor, Deadlines& deadlines, Signal& wake);
  ~Race();
  Race(const Race&) = delete;
  Race& operator=(const Race&) = delete;

  // The winner's socket, non-blocking and without Nagle's delay. Failing, the error of
  // the last address to fail, or that it was given up.
  Awaitable<config::Result<TcpSocket>> run(const Addresses& addresses, std::uint16_t port);

 private:
  struct State;
  void start_next();

  std::shared_ptr<State> state_;  // shared with the connects under way, which end later
  Deadline head_start_;
};

}  // namespace gateway::upstream

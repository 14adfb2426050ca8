#pragma once
// How long one attempt may last from its first step to its last byte: its target's limit
// (config::Timeouts::attempt), or what is left of its request's deadline. On the attempt's frame;
// its worker's thread.

#include <chrono>

#include "config/base/clock.h"
#include "config/base/error.h"
#include "config/config.h"
#include "gateway/deadlines.h"
#include "gateway/upstream/exchange.h"

namespace gateway::chat {

class TimeLimit {
 public:
  // Closes `exchange` when the time is over; all outlive this. `allowed`: what the request was
  // given until its deadline.
  TimeLimit(Deadlines& deadlines, upstream::Exchange& exchange, const config::Target& target,
            config::Clock::Steady now, config::Clock::Steady deadline,
            std::chrono::milliseconds allowed);
  TimeLimit(const TimeLimit&) = delete;
  TimeLimit& operator=(const TimeLimit&) = delete;

  bool passed() const { return passed_; }
  // What the attempt failed of then.
  config::Error error() const;

 private:
  void expire();

  upstream::Exchange& exchange_;
  const bool of_attempt_;  // rather than of the request
  const std::chrono::milliseconds allowed_;
  bool passed_ = false;
  Deadline alarm_;
};

}  // namespace gateway::chat

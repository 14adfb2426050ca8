#pragma once
// Asks a second target beside the first, where that has no content after a while (config::Hedge).
// One per request, on its frame, which waits for it: its worker's thread.

#include <chrono>
#include <exception>
#include <functional>
#include <optional>

#include "config/config.h"
#include "gateway/async.h"
#include "gateway/deadlines.h"
#include "gateway/upstream/latency_p95.h"
#include "gateway/upstream/signal.h"

namespace gateway::chat {

// How long the first target is waited for; nullopt: as long as it takes, since nobody wants a hedge
// or too few of its answers were seen.
std::optional<std::chrono::milliseconds> hedge_after(const config::Hedge& hedge,
                                                     const upstream::LatencyP95& latency);

class Hedge {
 public:
  // `ask` asks the second target, or finds that there is none. All outlive this.
  Hedge(const Executor& executor, Deadlines& deadlines, std::function<Awaitable<>()> ask);
  Hedge(const Hedge&) = delete;
  Hedge& operator=(const Hedge&) = delete;

  // Asks once that time has passed; once at most.
  void after(std::chrono::milliseconds time) { alarm_.set(time); }
  // Begins nothing any more, and waits for the end of what has begun.
  Awaitable<> ended();
  // What `ask` threw.
  std::exception_ptr thrown() const { return thrown_; }

 private:
  void begin();

  const Executor executor_;
  const std::function<Awaitable<>()> ask_;
  bool runs_ = false;
  std::exception_ptr thrown_;
  upstream::Signal end_;
  Deadline alarm_;
};

}  // namespace gateway::chat

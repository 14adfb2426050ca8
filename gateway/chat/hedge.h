#pragma once
// Asks a second target beside the first, where that has no content after a while (config::Hedge).
// One per request that may have it, on its frame, which waits for it: its worker's thread.

#include <chrono>
#include <exception>
#include <functional>

#include "gateway/async.h"
#include "gateway/deadlines.h"
#include "gateway/upstream/signal.h"

namespace gateway::chat {

class Hedge {
 public:
  // Asks once that time has passed; once at most. `ask` asks the second target, or finds that there
  // is none. All outlive this.
  Hedge(const Executor& executor, Deadlines& deadlines, std::chrono::milliseconds after,
        std::function<Awaitable<>()> ask);
  Hedge(const Hedge&) = delete;
  Hedge& operator=(const Hedge&) = delete;

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

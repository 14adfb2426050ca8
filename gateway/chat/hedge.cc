#include "gateway/chat/hedge.h"

#include <new>
#include <utility>

#include <boost/asio/co_spawn.hpp>

namespace gateway::chat {

Hedge::Hedge(const Executor& executor, Deadlines& deadlines, std::chrono::milliseconds after,
             std::function<Awaitable<>()> ask)
    : executor_(executor),
      ask_(std::move(ask)),
      end_(executor),
      alarm_(deadlines, [](void* hedge) { static_cast<Hedge*>(hedge)->begin(); }, this) {
  alarm_.set(after);
}

void Hedge::begin() {
  runs_ = true;
  try {
    net::co_spawn(executor_, ask_(), [this](std::exception_ptr thrown) {
      runs_ = false;
      thrown_ = std::move(thrown);
      end_.announce();
    });
  } catch (const std::bad_alloc&) {
    runs_ = false;  // there is no memory for a second one
  }
}

Awaitable<> Hedge::ended() {
  alarm_.clear();
  while (runs_) co_await end_.wait();
}

}  // namespace gateway::chat

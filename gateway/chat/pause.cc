#include "gateway/chat/pause.h"

#include <algorithm>
#include <chrono>

#include "gateway/deadlines.h"
#include "gateway/http/client_watch.h"
#include "gateway/upstream/signal.h"

namespace gateway::chat {

using config::Result;
using std::chrono::milliseconds;

Awaitable<Result<void>> pause(Worker& worker, const Asker& asker, bool streamed,
                              config::Clock::Steady until) {
  if (worker.clock().now() >= until) co_return Result<void>();
  const Waiting upstream(asker.meter);
  upstream::Signal wake(worker.pools().executor());
  Deadline alarm(
      worker.deadlines(), [](void* signal) { static_cast<upstream::Signal*>(signal)->announce(); },
      &wake);
  const auto woken = [&wake] { wake.announce(); };
  const http::ClientWatch watch(asker.reply, woken, woken);
  AttemptPatience patience(asker.signs);
  for (;;) {
    const auto now = worker.clock().now();
    if (now >= until || asker.reply.hurried()) co_return Result<void>();
    const auto left = std::chrono::ceil<milliseconds>(until - now);
    alarm.set(streamed ? std::min(left, patience.left()) : left);
    co_await wake.wait();
    if (watch.client_left()) {
      co_return config::failure(config::ErrorCode::client_left,
                                "The client left before the answer was whole.",
                                "while waiting to ask a target again");
    }
    if (!streamed) continue;
    auto told = co_await patience.ran_out();
    if (!told) co_return told;
  }
}

}  // namespace gateway::chat

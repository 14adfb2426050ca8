#pragma once
// Lets a coroutine have work done on another thread and go on here with the result, so that
// what may block (a database) holds up nobody else on this thread.

#include <exception>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include <boost/asio/async_result.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>

#include "gateway/async.h"

namespace gateway {

// A piece of work on its way there and back. It comes back when the last owner lets go of it,
// done or not, so that nobody waits for work that was thrown away.
template <class Work, class Handler>
class Errand {
 public:
  using Outcome = std::invoke_result_t<Work&>;

  Errand(Work work, Handler handler, const Executor& home)
      : work_(std::move(work)), handler_(std::move(handler)), home_(home) {}
  Errand(const Errand&) = delete;
  Errand& operator=(const Errand&) = delete;
  ~Errand() {
    const Executor home = home_.get_executor();
    net::post(home, [guard = std::move(home_), handler = std::move(handler_), bug = std::move(bug_),
                     outcome = std::move(outcome_)]() mutable {
      std::move(handler)(std::move(bug), std::move(outcome));
    });
  }

  void run() noexcept {
    try {
      outcome_.emplace(work_());
    } catch (...) {
      bug_ = std::current_exception();
    }
  }

 private:
  Work work_;
  Handler handler_;
  net::executor_work_guard<Executor> home_;
  std::exception_ptr bug_;
  std::optional<Outcome> outcome_;
};

// `send` is given a function to run there, once, or to destroy. nullopt: it was destroyed.
// What `work` throws is thrown here. The caller's frame lives until then, so that `work` may
// refer to it: the thread there must have ended before this one's io_context does.
template <class Send, class Work>
Awaitable<std::optional<std::invoke_result_t<Work&>>> elsewhere(Send send, Work work) {
  using Outcome = std::optional<std::invoke_result_t<Work&>>;
  const Executor home = co_await net::this_coro::executor;
  auto begin = [&](auto handler) {
    using Handler = decltype(handler);
    auto errand =
        std::make_shared<Errand<Work, Handler>>(std::move(work), std::move(handler), home);
    send([errand = std::move(errand)] { errand->run(); });
  };
  constexpr net::use_awaitable_t<Executor> kToken{};
  co_return co_await net::async_initiate<const net::use_awaitable_t<Executor>,
                                         void(std::exception_ptr, Outcome)>(begin, kToken);
}

}  // namespace gateway

#include "gateway/elsewhere.h"

#include <functional>
#include <stdexcept>
#include <thread>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#include <gtest/gtest.h>

namespace gateway {
namespace {

// Runs a coroutine to its end on this thread; `there` ends before its io_context does, as
// elsewhere() wants it.
template <class Work>
void run(net::thread_pool& there, Work work) {
  net::io_context io{1};
  std::exception_ptr failure;
  net::co_spawn(io, std::move(work), [&](const std::exception_ptr& thrown) { failure = thrown; });
  io.run();
  there.join();
  if (failure) std::rethrow_exception(failure);
}

TEST(Elsewhere, WorkIsDoneThereAndGoesOnHere) {
  net::thread_pool there{1};
  const auto home = std::this_thread::get_id();
  std::thread::id worked;
  std::thread::id went_on;
  std::optional<int> result;
  run(there, [&]() -> Awaitable<> {
    const auto send = [&](auto errand) { net::post(there, std::move(errand)); };
    auto work = [&] {
      worked = std::this_thread::get_id();
      return 7;
    };
    result = co_await elsewhere(send, std::move(work));
    went_on = std::this_thread::get_id();
  });
  EXPECT_EQ(result, 7);
  EXPECT_NE(worked, home);
  EXPECT_EQ(went_on, home);
}

TEST(Elsewhere, WhatWorkThrowsIsThrownHere) {
  net::thread_pool there{1};
  EXPECT_THROW(run(there,
                   [&]() -> Awaitable<> {
                     const auto send = [&](auto errand) { net::post(there, std::move(errand)); };
                     auto work = []() -> int { throw std::logic_error("a bug"); };
                     co_await elsewhere(send, std::move(work));
                   }),
               std::logic_error);
}

TEST(Elsewhere, WorkThatIsThrownAwayIsNotWaitedFor) {
  std::function<void()> kept;
  bool began = false;
  std::optional<int> result = 1;
  net::io_context io{1};
  auto ask = [&]() -> Awaitable<> {
    const auto send = [&](auto errand) { kept = std::move(errand); };
    auto work = [&] {
      began = true;
      return 2;
    };
    result = co_await elsewhere(send, std::move(work));
  };
  bool ended = false;
  net::co_spawn(io, std::move(ask), [&](const std::exception_ptr&) { ended = true; });
  io.poll();
  EXPECT_FALSE(ended);
  kept = nullptr;
  io.run();
  EXPECT_TRUE(ended);
  EXPECT_FALSE(began);
  EXPECT_EQ(result, std::nullopt);
}

}  // namespace
}  // namespace gateway

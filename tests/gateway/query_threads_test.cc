#include "gateway/query_threads.h"

#include <atomic>
#include <chrono>
#include <future>
#include <optional>
#include <string>
#include <thread>

#include <boost/asio/co_spawn.hpp>
#include <gtest/gtest.h>

namespace gateway {
namespace {

using config::Result;

TEST(QueryThreads, TheAnswerComesBackToTheThreadThatAsked) {
  net::io_context io{1};
  QueryThreads queries(1, 4);  // ends before the io_context, as elsewhere() wants it
  const auto here = std::this_thread::get_id();
  std::optional<Result<std::string>> answer;
  std::thread::id there;
  std::thread::id back;
  const auto talk = [&]() -> Awaitable<void> {
    std::function<Result<std::string>()> work = [&there]() -> Result<std::string> {
      there = std::this_thread::get_id();
      return std::string("told");
    };
    answer = co_await queries.ask<std::string>(std::move(work));
    back = std::this_thread::get_id();
  };
  net::co_spawn(io, talk, [&](const std::exception_ptr&) { io.stop(); });
  io.run();
  ASSERT_TRUE(answer && *answer);
  EXPECT_EQ(**answer, "told");
  EXPECT_NE(there, here);
  EXPECT_EQ(back, here);
}

TEST(QueryThreads, WhoAsksMoreThanMayWaitIsToldAtOnce) {
  std::promise<void> open;
  auto gate = open.get_future().share();
  std::atomic<int> done{0};
  {
    QueryThreads queries(1, 2);
    std::promise<void> begun;
    ASSERT_TRUE(queries.run([&] {
      begun.set_value();
      gate.wait();
      ++done;
    }));
    begun.get_future().wait();
    EXPECT_TRUE(queries.run([&] { ++done; }));
    EXPECT_TRUE(queries.run([&] { ++done; }));
    EXPECT_FALSE(queries.run([&] { ++done; }));

    net::io_context io{1};
    std::optional<Result<int>> answer;
    const auto talk = [&]() -> Awaitable<void> {
      std::function<Result<int>()> work = []() -> Result<int> { return 1; };
      answer = co_await queries.ask<int>(std::move(work));
    };
    net::co_spawn(io, talk, [&](const std::exception_ptr&) { io.stop(); });
    io.run();
    ASSERT_TRUE(answer);
    ASSERT_FALSE(*answer);
    EXPECT_EQ(answer->error().code, config::ErrorCode::overloaded);
    open.set_value();
  }
  EXPECT_EQ(done, 3) << "what was taken is done before the end";
}

}  // namespace
}  // namespace gateway

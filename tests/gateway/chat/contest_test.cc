#include "gateway/chat/contest.h"

#include <chrono>
#include <exception>
#include <optional>
#include <stdexcept>

#include <gtest/gtest.h>

#include "gateway/chat/hedge.h"
#include "tests/gateway/upstream/exchange_rig.h"

namespace gateway::chat {
namespace {

using config::Result;

// Two attempts beside each other, whose exchanges ask nobody.
class TwoAttempts : public testing::Test {
 protected:
  // While it waits for the first to end, that one is called off with it, and ends.
  Awaitable<Result<void>> win_and_be_called_off(std::optional<Contest::Entry>& first) {
    Contest::Entry entry(contest_, second_);
    net::post(rig_.io, [&] {
      contest_.call_off();
      first.reset();
    });
    co_return co_await entry.win();
  }
  // One that goes on when it is told to, and then throws.
  Awaitable<> throws() {
    const Contest::Entry entry(contest_, second_);
    begun_.announce();
    co_await go_on_.wait();
    throw std::runtime_error("a bug");
  }
  Awaitable<Result<void>> win_over_one_that_throws() {
    Hedge hedge(rig_.io.get_executor(), rig_.deadlines, std::chrono::milliseconds(1),
                [this] { return throws(); });
    co_await begun_.wait();
    auto won = Result<void>();
    {
      Contest::Entry entry(contest_, first_);
      go_on_.announce();
      won = co_await entry.win();
    }
    co_await hedge.ended();
    thrown_ = hedge.thrown();
    co_return won;
  }

  test::ExchangeRig rig_;
  const config::Target target_ = test::target_at(9);
  upstream::Exchange first_{rig_.pools, target_};
  upstream::Exchange second_{rig_.pools, target_};
  upstream::Signal begun_{rig_.pools.executor()};
  upstream::Signal go_on_{rig_.pools.executor()};
  std::exception_ptr thrown_;
  Contest contest_{rig_.pools.executor()};
};

TEST_F(TwoAttempts, ASecondThatThrowsLetsTheFirstAnswer) {
  EXPECT_TRUE(rig_.run(win_over_one_that_throws()));
  EXPECT_TRUE(contest_.decided());
  EXPECT_TRUE(thrown_);
}

// The first throws while the second, which has content, waits for its end.
TEST_F(TwoAttempts, AWinnerWhoIsCalledOffWaitsNoLonger) {
  std::optional<Contest::Entry> first(std::in_place, contest_, first_);
  const auto won = rig_.run(win_and_be_called_off(first));
  ASSERT_FALSE(won);
  EXPECT_EQ(won.error().code, config::ErrorCode::outpaced);
}

}  // namespace
}  // namespace gateway::chat

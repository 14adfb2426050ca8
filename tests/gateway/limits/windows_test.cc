// Budgets over the borders of their windows.

#include <atomic>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/calendar.h"
#include "tests/gateway/limits/limiting.h"

namespace gateway::limits {
namespace {

using config::Window;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;
using Wall = config::Clock::Wall;

using Windows = test::Limiting;
using test::budget_of;
using test::key_account;
using test::usd;

Wall utc(int year, unsigned month, unsigned day, int hour = 0) {
  return std::chrono::sys_days{std::chrono::year(year) / std::chrono::month(month) /
                               std::chrono::day(day)} +
         hours(hour);
}

TEST_F(Windows, G08_ABudgetIsFreshWhenItsWindowBegins) {
  clock.set_wall(utc(2026, 12, 31, 22) + hours(1) - milliseconds(1));  // a breath before midnight
  configure(key_account("ada"), budget_of(usd(10), Window::month, "Europe/Berlin"), usd(10));
  EXPECT_FALSE(limiter.hold(payers("ada"), usd(1), now()));
  clock.advance(milliseconds(1));
  EXPECT_TRUE(limiter.hold(payers("ada"), usd(10), now()));
  EXPECT_EQ(config::rfc3339(*status(key_account("ada")).resets_at, "Europe/Berlin"),
            "2027-02-01T00:00:00+01:00");
}

TEST_F(Windows, G08_WhatBeganBeforeTheBorderCountsBeforeIt) {
  clock.set_wall(utc(2026, 11, 30, 23));
  configure(key_account("ada"), budget_of(usd(10), Window::day));
  auto before = limiter.hold(payers("ada"), usd(6), now());
  clock.advance(hours(1));
  EXPECT_EQ(status(key_account("ada")).held, usd(0));
  auto after = limiter.hold(payers("ada"), usd(10), now());
  ASSERT_TRUE(after) << "the new day is not narrowed by the old one's hold";
  EXPECT_TRUE(before->extend(usd(4)));
  EXPECT_FALSE(before->extend(usd(1)));
  before->settle(usd(9));
  after->settle(usd(2));
  EXPECT_EQ(status(key_account("ada")).spent, usd(2));
  clock.set_wall(utc(2026, 11, 30, 23));
  EXPECT_EQ(status(key_account("ada")).spent, usd(9));
}

TEST_F(Windows, G08_AThousandAcrossADaylightSavingBorderAreEachInOneWindow) {
  // Berlin, 25 October 2026: a day of 25 hours. A hold each three minutes from its eve on.
  const auto start = utc(2026, 10, 24, 12);
  clock.set_wall(start);
  configure(key_account("ada"), budget_of(usd(1'000), Window::day, "Europe/Berlin"));
  std::map<Wall, int> expected;
  std::map<Wall, PicoUsd> seen;
  std::vector<BudgetHold> open;
  for (int i = 0; i < 1000; ++i) {
    const auto span = config::window_of(Window::day, "Europe/Berlin", clock.wall());
    ++expected[span.ends];
    auto hold = limiter.hold(payers("ada"), usd(1), now());
    ASSERT_TRUE(hold);
    open.push_back(*std::move(hold));
    if (open.size() > 50) {
      open.front().settle(usd(1));
      open.erase(open.begin());
    }
    clock.advance(std::chrono::minutes(3));
  }
  for (auto& hold : open) hold.settle(usd(1));
  for (const auto& [ends, count] : expected) {
    clock.set_wall(ends - seconds(1));
    EXPECT_EQ(status(key_account("ada")).spent, usd(count));
    EXPECT_EQ(status(key_account("ada")).held, usd(0));
  }
  EXPECT_EQ(expected.size(), 3u);
  EXPECT_EQ(std::next(expected.begin())->second, 25 * 20);
}

TEST_F(Windows, G09_WorkersThatMeetTheBorderAtOnceLoseNothing) {
  constexpr int kThreads = 8;
  constexpr int kEach = 500;
  const auto border = utc(2026, 12, 1);
  clock.set_wall(border - seconds(1));
  configure(key_account("ada"), budget_of(usd(1'000'000), Window::month));
  const auto ada = payers("ada");
  std::atomic<int> before{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kEach; ++i) {
        // Their clocks disagree about the border by a little.
        const auto wall = border + milliseconds((i - kEach / 2 + t) % 7 - 3);
        if (wall < border) ++before;
        auto hold = limiter.hold(ada, usd(1), {clock.now(), wall});
        ASSERT_TRUE(hold);
        hold->settle(usd(1));
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_GT(before, 0);
  clock.set_wall(border - seconds(1));
  EXPECT_EQ(status(key_account("ada")).spent, usd(before));
  clock.set_wall(border);
  EXPECT_EQ(status(key_account("ada")).spent, usd(kThreads * kEach - before));
}

TEST_F(Windows, G08_AClockSetBackFindsTheWindowsSumAgain) {
  clock.set_wall(utc(2026, 12, 1));
  configure(key_account("ada"), budget_of(usd(10), Window::day), usd(9));
  clock.set_wall(utc(2026, 12, 2));
  ASSERT_TRUE(limiter.hold(payers("ada"), usd(10), now()));
  clock.set_wall(utc(2026, 12, 1, 23));
  EXPECT_FALSE(limiter.hold(payers("ada"), usd(2), now()));
  EXPECT_TRUE(limiter.hold(payers("ada"), usd(1), now()));
}

TEST_F(Windows, G08_AClockSetBackBeforeTheStartDoesNotOpenAFreshWindow) {
  clock.set_wall(utc(2026, 12, 15));
  configure(key_account("ada"), budget_of(usd(10), Window::day), usd(10));
  clock.set_wall(utc(2026, 12, 10));
  EXPECT_FALSE(limiter.hold(payers("ada"), usd(1), now()));
  limiter.hold(payers("ada"), usd(0), now())->settle(usd(3));
  EXPECT_EQ(status(key_account("ada")).spent, usd(13));
}

TEST_F(Windows, AClockThatJumpedYearsAheadAndBackGoesOnAsBefore) {
  clock.set_wall(utc(2026, 12, 15));
  configure(key_account("ada"), budget_of(usd(10), Window::month), usd(10));
  clock.set_wall(utc(2038, 1, 19));
  EXPECT_TRUE(limiter.hold(payers("ada"), usd(10), now()));
  clock.set_wall(utc(2026, 12, 15, 1));
  EXPECT_FALSE(limiter.hold(payers("ada"), usd(1), now()));
  for (unsigned month = 1; month <= 12; ++month) {
    clock.set_wall(utc(2027, month, 1));
    auto hold = limiter.hold(payers("ada"), usd(10), now());
    ASSERT_TRUE(hold) << month;
    hold->settle(usd(10));
    EXPECT_FALSE(limiter.hold(payers("ada"), usd(1), now())) << month;
  }
}

TEST_F(Windows, AHoldOverManyWindowsIsSettledInItsOwn) {
  clock.set_wall(utc(2026, 12, 1));
  configure(key_account("ada"), budget_of(usd(10), Window::hour));
  auto first = limiter.hold(payers("ada"), usd(10), now());
  for (int hour = 1; hour < 100; ++hour) {
    clock.advance(hours(1));
    auto hold = limiter.hold(payers("ada"), usd(10), now());
    ASSERT_TRUE(hold);
    hold->settle(usd(1));
  }
  first->settle(usd(7));
  EXPECT_EQ(status(key_account("ada")).spent, usd(1));
  clock.set_wall(utc(2026, 12, 1));
  EXPECT_EQ(status(key_account("ada")).spent, usd(7));
}

TEST_F(Windows, ARestartAcrossTheBorderAsksForTheNewWindowOnly) {
  std::vector<Wall> asked;
  const auto tell = [&](const AccountId&, Wall since) {
    asked.push_back(since);
    return config::Result<PicoUsd>(usd(1));
  };
  const auto limits = budget_of(usd(10), Window::month, "America/New_York");
  clock.set_wall(utc(2027, 1, 1, 4));
  limiter.configure(key_account("ada"), limits, now());
  ASSERT_TRUE(limiter.learn(tell));
  LocalLimiter restarted;
  clock.set_wall(utc(2027, 1, 1, 5));
  restarted.configure(key_account("ada"), limits, now());
  ASSERT_TRUE(restarted.learn(tell));
  EXPECT_THAT(asked, testing::ElementsAre(utc(2026, 12, 1, 5), utc(2027, 1, 1, 5)));
  EXPECT_EQ(restarted.budgets(now())[0].spent, usd(1));
}

TEST_F(Windows, SeveralBudgetsOfOneAccountAllCount) {
  auto limits = budget_of(usd(100), Window::month, "Europe/Berlin");
  limits.budgets.push_back({usd(10), Window::day, "Europe/Berlin"});
  limits.budgets.push_back({usd(3), Window::hour, "UTC"});
  configure(key_account("ada"), limits);
  const auto ada = payers("ada");
  EXPECT_TRUE(limiter.would_fit(ada, usd(3), now()));
  EXPECT_FALSE(limiter.would_fit(ada, usd(4), now()));
  for (int hour = 0; hour < 3; ++hour) {
    limiter.hold(ada, usd(3), now())->settle(usd(3));
    clock.advance(hours(1));
  }
  EXPECT_TRUE(limiter.would_fit(ada, usd(1), now()));
  const auto refused = limiter.would_fit(ada, usd(2), now());
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, testing::HasSubstr("10 USD per day"));
}

}  // namespace
}  // namespace gateway::limits

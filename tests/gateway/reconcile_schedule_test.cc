#include <initializer_list>
#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gateway/reconcile/schedule.h"
#include "gateway/reconcile/without_id.h"
#include "tests/gateway/ledger/sqlite/records.h"

namespace gateway::reconcile {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;

constexpr config::Reconcile kPace{10min, 24h};

class ScheduleTest : public testing::Test {
 protected:
  void pass_after(std::chrono::milliseconds steady, std::chrono::milliseconds wall) {
    now_.steady += steady;
    now_.wall += wall;
    due_ = schedule_.due(now_, kPace);
    schedule_.done(now_);
    for (const Span& span : due_) {
      if (span.since <= began_ && began_ < span.until) ++asked_;
    }
  }
  void pass_after(std::chrono::milliseconds both) { pass_after(both, both); }

  const config::Clock::Wall began_ = test::kNoon;  // the attempt that is looked after
  Moment now_{test::kNoon, config::Clock::Steady(1h)};
  Schedule schedule_;
  std::vector<Span> due_;
  int asked_ = 0;
};

TEST_F(ScheduleTest, TheFirstPassLooksAtEverythingAndLaterOnesAtNarrowSlices) {
  pass_after(10min);
  EXPECT_THAT(due_, ElementsAre(Span{now_.wall - 24h, now_.wall - 30s}));
  pass_after(10min);
  ASSERT_EQ(due_.size(), 7U) << "the first two ages are beside each other";
  EXPECT_EQ(due_.back(), (Span{now_.wall - 30min, now_.wall - 10min}));
  EXPECT_EQ(due_.front(), (Span{now_.wall - 1290min, now_.wall - 1280min}));
}

TEST_F(ScheduleTest, AnAttemptIsAskedAboutEightTimesInItsDay) {
  now_.wall -= 10min;
  pass_after(0s);
  ASSERT_EQ(asked_, 0) << "it has not begun";
  for (int i = 0; i < 200; ++i) pass_after(10min);
  EXPECT_EQ(asked_, 8);
}

TEST_F(ScheduleTest, HoweverPassesFallItIsAskedAtEveryAgeAndNotAfterItsDay) {
  for (unsigned seed = 0; seed < 200; ++seed) {
    std::mt19937 random(seed);
    now_ = {began_ - 1min, config::Clock::Steady(1h)};
    schedule_ = {};
    asked_ = 0;
    pass_after(0s);
    while (now_.wall - began_ < 30h) {
      pass_after(std::chrono::seconds(300 + random() % 300));
      if (now_.wall - began_ >= 24h + 15min) {
        for (const Span& span : due_) EXPECT_GT(span.since, began_);
      }
    }
    EXPECT_EQ(asked_, 8) << seed;
  }
}

TEST_F(ScheduleTest, AClockThatIsSetOrAMachineThatSleepsPassesNobodyOver) {
  for (const std::chrono::minutes jump :
       std::initializer_list<std::chrono::minutes>{-5h, -1h, -10min, 7min, 1h, 5h}) {
    now_ = {began_ - 1min, config::Clock::Steady(1h)};
    schedule_ = {};
    asked_ = 0;
    pass_after(0s);
    for (int i = 0; i < 4; ++i) pass_after(10min);
    pass_after(10min, 10min + jump);
    for (int i = 0; i < 300; ++i) pass_after(10min);
    // One jump forward over several ages is one question for all of them.
    const int skipped = jump == 5h ? 3 : (jump == 1h ? 1 : 0);
    EXPECT_GE(asked_, 8 - skipped) << jump.count();
    EXPECT_LE(asked_, 14) << jump.count();
  }
}

TEST_F(ScheduleTest, WhatAPassDidNotFinishTheNextOneLooksAtToo) {
  pass_after(10min);
  now_.steady += 10min;
  now_.wall += 10min;
  (void)schedule_.due(now_, kPace);  // and it failed
  pass_after(10min);
  EXPECT_EQ(due_.back().until - due_.back().since, 50min) << "10 to 60: three slices of 20";
}

TEST(WithoutId, CountsEachAttemptOnceForAsLongAsItIsLookedFor) {
  WithoutId without;
  UsageRecord first = test::record(1);
  first.cost.amount = config::PicoUsd{5};
  UsageRecord second = test::record(2, test::kNoon + 1h);
  second.cost.amount = config::PicoUsd{7};
  for (int i = 0; i < 3; ++i) {
    without.saw(first);
    without.saw(second);
  }
  EXPECT_EQ(without.attempts(), 2U);
  EXPECT_TRUE(without.booked() == 12);
  without.forget_before(test::kNoon + 1min);
  EXPECT_EQ(without.attempts(), 1U);
  EXPECT_TRUE(without.booked() == 7);
}

}  // namespace
}  // namespace gateway::reconcile

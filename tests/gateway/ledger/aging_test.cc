#include "gateway/ledger/aging.h"

#include <deque>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/fake_clock.h"

namespace gateway {
namespace {

using std::chrono::hours;
using testing::ElementsAre;

constexpr int kStep = 500;

class AgingTest : public testing::Test {
 protected:
  // What the ledger's thread would do between two batches.
  bool one_task() {
    if (later_.empty()) return false;
    std::exchange(later_.front(), nullptr)();
    later_.pop_front();
    return true;
  }

  test::FakeClock clock_;
  std::vector<int> gone_;  // what each step shall remove, the last for ever
  std::vector<config::Clock::Wall> borders_;
  bool fails_ = false;
  bool nobody_ = false;
  std::deque<std::function<void()>> later_;
  Aging aging_{{.now = [this] { return config::Result<config::Clock::Wall>(clock_.wall()); },
                .age = hours(240),
                .step = kStep,
                .act = [this](config::Clock::Wall before, config::Clock::Wall now,
                              int at_most) -> config::Result<int> {
                  EXPECT_EQ(now, before + hours(240));
                  borders_.push_back(before);
                  if (fails_) return config::failure(config::ErrorCode::overloaded, "busy");
                  const int gone = gone_.empty() ? 0 : gone_.front();
                  if (!gone_.empty()) gone_.erase(gone_.begin());
                  EXPECT_LE(gone, at_most);
                  return gone;
                },
                .done = "old ones are gone",
                .failed = "old ones cannot go"},
               [this](std::function<void()> task) {
                 if (nobody_) return false;
                 later_.push_back(std::move(task));
                 return true;
               }};
};

TEST_F(AgingTest, ManyOldRecordsGoInStepsBetweenWhichOthersHaveTheirTurn) {
  gone_ = {kStep, kStep, 3};
  aging_.look();
  EXPECT_TRUE(borders_.empty()) << "look() itself does nothing that could block";
  int turns = 0;
  while (one_task()) {
    ++turns;
    EXPECT_LE(later_.size(), 1U);
  }
  EXPECT_EQ(turns, 3);
}

TEST_F(AgingTest, WhatIsOlderThanItIsKeptGoesByTheClock) {
  const auto now = clock_.wall();
  aging_.look();
  while (one_task()) {
  }
  clock_.advance(hours(24));
  aging_.look();
  while (one_task()) {
  }
  EXPECT_THAT(borders_, ElementsAre(now - hours(240), now - hours(216)));
}

TEST_F(AgingTest, ALookDuringALookIsNotAnother) {
  gone_ = {kStep, 0};
  aging_.look();
  aging_.look();
  EXPECT_EQ(later_.size(), 1U);
  EXPECT_TRUE(one_task());
  aging_.look();
  EXPECT_EQ(later_.size(), 1U);
  while (one_task()) {
  }
  aging_.look();
  EXPECT_EQ(later_.size(), 1U) << "the first one is over";
}

TEST_F(AgingTest, ALedgerThatRefusesIsAskedAgainAtTheNextLook) {
  fails_ = true;
  aging_.look();
  EXPECT_TRUE(one_task());
  EXPECT_FALSE(one_task()) << "not at once";
  fails_ = false;
  aging_.look();
  EXPECT_TRUE(one_task());
  EXPECT_EQ(borders_.size(), 2U);
}

TEST_F(AgingTest, WhereAnotherProcessWritesTheLedgerNothingIsTouchedUntilItIsOurs) {
  nobody_ = true;
  aging_.look();
  EXPECT_TRUE(later_.empty());
  nobody_ = false;
  aging_.look();
  EXPECT_EQ(later_.size(), 1U);
}

}  // namespace
}  // namespace gateway

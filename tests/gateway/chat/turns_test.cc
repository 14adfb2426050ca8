#include "gateway/chat/turns.h"

#include <chrono>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace gateway::chat {
namespace {

using std::chrono::seconds;

class TurnsTest : public testing::Test {
 protected:
  static RouteTarget named(std::string name) {
    RouteTarget out;
    out.target.name = config::TargetName(std::move(name));
    return out;
  }
  static Turn take(Turns& turns) { return turns.next().value_or(Turn{}); }
  static std::string name_of(const Turn& turn) {
    return turn.target != nullptr ? turn.target->target.name.str() : "nobody";
  }

  const config::Clock::Steady now_{seconds(1'000)};
  upstream::RetryBudget budget_;
  RouteTarget a_ = named("a");
  RouteTarget b_ = named("b");
  const std::vector<const RouteTarget*> order_{&a_, &b_};
};

TEST_F(TurnsTest, GoInOrder) {
  Turns turns(order_);
  EXPECT_EQ(name_of(take(turns)), "a");
  EXPECT_EQ(name_of(take(turns)), "b");
  EXPECT_EQ(name_of(take(turns)), "nobody");
}

TEST_F(TurnsTest, ATargetIsAskedAgainWhenNoOtherIsLeft) {
  Turns turns(order_);
  turns.again(take(turns), now_, budget_);
  EXPECT_EQ(name_of(take(turns)), "b");
  const Turn again = take(turns);
  EXPECT_EQ(name_of(again), "a");
  EXPECT_EQ(again.retries, 1);
  EXPECT_EQ(again.at, now_);
  turns.again(again, now_ + seconds(1), budget_);
  EXPECT_EQ(take(turns).retries, 2);
  EXPECT_EQ(name_of(take(turns)), "nobody");
}

TEST_F(TurnsTest, TheOneThatMayBeAskedSoonerComesFirst) {
  Turns turns(order_);
  turns.again(take(turns), now_ + seconds(2), budget_);
  turns.again(take(turns), now_ + seconds(1), budget_);
  EXPECT_EQ(name_of(take(turns)), "b");
  EXPECT_EQ(name_of(take(turns)), "a");
}

TEST_F(TurnsTest, WhereTheOperatorSaysSoATargetIsAskedAgainBeforeTheNext) {
  a_.target.retries.before_next = true;
  Turns turns(order_);
  turns.again(take(turns), now_ + seconds(1), budget_);
  EXPECT_EQ(name_of(take(turns)), "a");
  EXPECT_EQ(name_of(take(turns)), "b");
  EXPECT_EQ(name_of(take(turns)), "nobody");
}

TEST_F(TurnsTest, ATargetThatRefusedItsKeyIsAskedWithTheNextAtOnce) {
  Turns turns(order_);
  turns.with_next_key(take(turns));
  const Turn next = take(turns);
  EXPECT_EQ(name_of(next), "a");
  EXPECT_EQ(next.keys, 2U);
  EXPECT_EQ(next.retries, 0);
  EXPECT_EQ(name_of(take(turns)), "b");
}

}  // namespace
}  // namespace gateway::chat

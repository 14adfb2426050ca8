// Requests and tokens per minute and requests at once, over all levels.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/gateway/limits/limiting.h"

namespace gateway::limits {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::HasSubstr;

using Rates = test::Limiting;
using test::key_account;
using test::team_account;

config::Limits requests_per_minute(std::int64_t limit) {
  config::Limits out;
  out.requests_per_minute = limit;
  return out;
}
config::Limits tokens_per_minute(std::int64_t limit) {
  config::Limits out;
  out.tokens_per_minute = limit;
  return out;
}
config::Limits concurrent(std::int64_t limit) {
  config::Limits out;
  out.concurrent = limit;
  return out;
}

TEST_F(Rates, G11_OfSixtyOneAtOnceTheLastIsRefusedForASecond) {
  configure(key_account("ada"), requests_per_minute(60));
  const auto ada = payers("ada");
  for (int i = 0; i < 60; ++i) ASSERT_TRUE(limiter.admit(ada, 0, now())) << i;
  const auto refused = limiter.admit(ada, 0, now());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, config::ErrorCode::rate_limited);
  EXPECT_EQ(refused.error().retry_after, seconds(1));
  EXPECT_EQ(refused.error().message,
            "Key \"ada\" may make 60 requests per minute; try again in 1s.");
  clock.advance(milliseconds(999));
  EXPECT_FALSE(limiter.admit(ada, 0, now()));
  clock.advance(milliseconds(1));
  EXPECT_TRUE(limiter.admit(ada, 0, now()));
  EXPECT_FALSE(limiter.admit(ada, 0, now()));
}

TEST_F(Rates, G11_RefillGoesByTheSteadyClock) {
  configure(key_account("ada"), requests_per_minute(60));
  const auto ada = payers("ada");
  for (int i = 0; i < 60; ++i) ASSERT_TRUE(limiter.admit(ada, 0, now()));
  clock.set_wall(clock.wall() + hours(24));
  EXPECT_FALSE(limiter.admit(ada, 0, now()));
  clock.set_wall(clock.wall() - hours(25));
  clock.advance(seconds(1));
  EXPECT_TRUE(limiter.admit(ada, 0, now()));
}

TEST_F(Rates, G12_TokensAreTakenByEstimateAndCorrectedWhenTheyAreKnown) {
  configure(key_account("ada"), tokens_per_minute(1000));
  const auto ada = payers("ada");
  auto first = limiter.admit(ada, 600, now());
  ASSERT_TRUE(first);
  const auto refused = limiter.admit(ada, 500, now());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().retry_after, seconds(6));  // 100 tokens at 1000 a minute
  EXPECT_THAT(refused.error().message,
              HasSubstr("1000 tokens per minute, and this request may need 500; try again in 6s"));
  first->used(100);
  EXPECT_EQ(limiter.status(ada, clock.now()).tokens->remaining, 900);
  EXPECT_TRUE(limiter.admit(ada, 900, now()));
}

TEST_F(Rates, G12_WhatWasUsedAboveTheEstimateIsOwed) {
  configure(key_account("ada"), tokens_per_minute(1000));
  const auto ada = payers("ada");
  {
    auto slot = limiter.admit(ada, 100, now());
    ASSERT_TRUE(slot);
    slot->used(1500);
    slot->used(1500);  // counts once
  }
  EXPECT_EQ(limiter.status(ada, clock.now()).tokens->remaining, 0);
  EXPECT_EQ(limiter.admit(ada, 0, now()).error().retry_after, seconds(30));
}

TEST_F(Rates, G12_ARequestThatIsNeverCorrectedKeepsItsEstimate) {
  configure(key_account("ada"), tokens_per_minute(1000));
  const auto ada = payers("ada");
  ASSERT_TRUE(limiter.admit(ada, 400, now()));
  EXPECT_EQ(limiter.status(ada, clock.now()).tokens->remaining, 600);
}

TEST_F(Rates, WhatIsLargerThanTheLimitIsToldThatWaitingIsNoHelp) {
  configure(key_account("ada"), tokens_per_minute(1000));
  const auto refused = limiter.admit(payers("ada"), 1001, now());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().retry_after, std::nullopt);
  EXPECT_THAT(refused.error().message, HasSubstr("ask for less"));
}

TEST_F(Rates, G13_TheSixthAtOnceIsRefusedUntilOneEnds) {
  configure(key_account("ada"), concurrent(5));
  const auto ada = payers("ada");
  std::vector<Slot> slots;
  for (int i = 0; i < 5; ++i) slots.push_back(*limiter.admit(ada, 0, now()));
  const auto refused = limiter.admit(ada, 0, now());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message,
            "Key \"ada\" may have 5 requests at once; try again when one of them has ended.");
  EXPECT_EQ(refused.error().retry_after, seconds(1));
  slots.pop_back();
  auto sixth = limiter.admit(ada, 0, now());
  ASSERT_TRUE(sixth);
  EXPECT_FALSE(limiter.admit(ada, 0, now()));
  Slot moved = *std::move(sixth);
  moved = Slot();
  EXPECT_TRUE(limiter.admit(ada, 0, now()));
}

TEST_F(Rates, G14_ARefusalAtOneLevelTakesNothingAtTheOthers) {
  auto both = requests_per_minute(10);
  both.tokens_per_minute = 100;
  both.concurrent = 2;
  configure(key_account("ada"), both);
  configure(team_account("research"), requests_per_minute(1));
  configure({}, concurrent(1));
  const auto ada = payers("ada", "research");
  {
    const auto first = limiter.admit(ada, 10, now());
    ASSERT_TRUE(first);
    for (int i = 0; i < 20; ++i) {
      const auto refused = limiter.admit(ada, 10, now());
      ASSERT_FALSE(refused);
      // The one that takes longest is named.
      EXPECT_THAT(refused.error().message, HasSubstr("Team \"research\" may make 1 requests"));
      EXPECT_EQ(refused.error().retry_after, minutes(1));
    }
  }
  configure(team_account("research"), {});
  const auto status = limiter.status(ada, clock.now());
  EXPECT_EQ(status.requests->remaining, 9);
  EXPECT_EQ(status.tokens->remaining, 90);
  EXPECT_TRUE(limiter.admit(ada, 10, now()));
}

TEST_F(Rates, TheStatusIsThatOfTheTightestLevel) {
  configure(key_account("ada"), requests_per_minute(100));
  configure(team_account("research"), requests_per_minute(50));
  configure({}, tokens_per_minute(6000));
  const auto ada = payers("ada", "research");
  ASSERT_TRUE(limiter.admit(ada, 100, now()));
  const auto status = limiter.status(ada, clock.now());
  EXPECT_EQ(status.requests->limit, 50);
  EXPECT_EQ(status.requests->remaining, 49);
  EXPECT_EQ(status.requests->reset, milliseconds(1200));
  EXPECT_EQ(status.tokens->limit, 6000);
  EXPECT_EQ(status.tokens->remaining, 5900);
  EXPECT_EQ(status.tokens->reset, seconds(1));
  EXPECT_FALSE(limiter.status(payers("eve"), clock.now()).requests);
}

TEST_F(Rates, StateSurvivesAReloadAndOtherPayersOfTheSameNames) {
  auto limits = requests_per_minute(2);
  configure(key_account("ada"), limits);
  auto before = payers("ada");
  ASSERT_TRUE(limiter.admit(before, 0, now()));
  configure(key_account("ada"), limits);
  const auto after = payers("ada");
  before = Payers();
  limiter.forget_unused();
  EXPECT_TRUE(limiter.admit(after, 0, now()));
  EXPECT_FALSE(limiter.admit(after, 0, now()));
  configure(key_account("ada"), {});
  EXPECT_TRUE(limiter.admit(after, 0, now()));
}

TEST_F(Rates, ASlotOutlivesItsKeysLimitsAndPayers) {
  configure(key_account("ada"), concurrent(1));
  auto slot = limiter.admit(payers("ada"), 0, now());
  ASSERT_TRUE(slot);
  configure(key_account("ada"), {});
  limiter.forget_unused();
  configure(key_account("ada"), concurrent(1));
  EXPECT_FALSE(limiter.admit(payers("ada"), 0, now()));
  *slot = Slot();
  EXPECT_TRUE(limiter.admit(payers("ada"), 0, now()));
}

TEST_F(Rates, NobodyIsNeverLimited) {
  configure({}, requests_per_minute(1));
  EXPECT_TRUE(limiter.admit(Payers(), 5, now()));
  EXPECT_TRUE(limiter.admit(Payers(), 5, now()));
  EXPECT_TRUE(limiter.admit(payers("", ""), 0, now()));
  EXPECT_THAT(limiter.admit(payers("", ""), 0, now()).error().message,
              HasSubstr("The gateway may make 1 requests per minute"));
}

}  // namespace
}  // namespace gateway::limits

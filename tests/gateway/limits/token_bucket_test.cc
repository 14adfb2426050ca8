#include "gateway/limits/token_bucket.h"

#include <random>

#include <gtest/gtest.h>

namespace gateway::limits {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::nanoseconds;
using std::chrono::seconds;

constexpr TokenBucket::Steady kStart{hours(5)};

TEST(TokenBucket, AMinutesWorthAtOnceAndThenAsItRefills) {
  TokenBucket bucket(60, kStart);
  EXPECT_EQ(bucket.wait(60, kStart), nanoseconds{0});
  bucket.take(60);
  EXPECT_EQ(bucket.wait(1, kStart), seconds(1));
  EXPECT_EQ(bucket.wait(1, kStart + milliseconds(999)), milliseconds(1));
  EXPECT_EQ(bucket.wait(1, kStart + seconds(1)), nanoseconds{0});
  EXPECT_EQ(bucket.wait(30, kStart + seconds(10)), seconds(20));
  EXPECT_EQ(bucket.until_full(kStart + seconds(15)), seconds(45));
}

TEST(TokenBucket, MoreThanTheLimitNeverFits) {
  TokenBucket bucket(10, kStart);
  EXPECT_EQ(bucket.wait(11, kStart), std::nullopt);
  EXPECT_EQ(bucket.wait(10, kStart), nanoseconds{0});
}

TEST(TokenBucket, NothingIsSavedBeyondAMinute) {
  TokenBucket bucket(7, kStart);
  EXPECT_EQ(bucket.remaining(kStart + hours(1000)), 7);
  bucket.give(5);
  EXPECT_EQ(bucket.remaining(kStart + hours(1000)), 7);
}

TEST(TokenBucket, ADebtIsWaitedForButNotForDays) {
  TokenBucket bucket(60, kStart);
  bucket.take(90);
  EXPECT_EQ(bucket.remaining(kStart), 0);
  EXPECT_EQ(bucket.wait(1, kStart), seconds(31));
  bucket.take(1'000'000'000'000'000'000);
  EXPECT_EQ(bucket.wait(1, kStart), hours(1) + seconds(1));
}

TEST(TokenBucket, ItDoesNotDriftHoweverOftenItIsAsked) {
  std::mt19937_64 random(7);
  TokenBucket bucket(7, kStart);  // a seventh of a minute is no whole number of nanoseconds
  bucket.take(7);
  auto now = kStart;
  std::int64_t taken = 0;
  while (now < kStart + hours(10)) {
    now += nanoseconds(random() % 1'000'000'000);
    if (bucket.wait(1, now) != nanoseconds{0}) continue;
    bucket.take(1);
    ++taken;
  }
  EXPECT_EQ(taken, 7 * 60 * 10);
}

TEST(TokenBucket, TimesOutOfOrderCountAsTheLatestSeen) {
  TokenBucket bucket(60, kStart);
  bucket.take(60);
  EXPECT_EQ(bucket.remaining(kStart + seconds(10)), 10);
  EXPECT_EQ(bucket.remaining(kStart), 10);
  EXPECT_EQ(bucket.remaining(kStart + seconds(11)), 11);
}

TEST(TokenBucket, AChangedRateKeepsWhatWasTaken) {
  TokenBucket bucket(100, kStart);
  bucket.take(40);
  bucket.change(50, kStart);
  EXPECT_EQ(bucket.remaining(kStart), 10);
  bucket.change(200, kStart);
  EXPECT_EQ(bucket.remaining(kStart), 160);
}

TEST(TokenBucket, TheLargestRateDoesNotOverflow) {
  constexpr auto kMost = std::numeric_limits<std::int64_t>::max();
  TokenBucket bucket(kMost, kStart);
  bucket.take(kMost);
  bucket.take(kMost);
  EXPECT_EQ(bucket.wait(kMost, kStart), minutes(2));
  EXPECT_EQ(bucket.remaining(kStart + minutes(2)), kMost);
}

}  // namespace
}  // namespace gateway::limits

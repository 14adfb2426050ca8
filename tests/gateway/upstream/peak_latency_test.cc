#include "gateway/upstream/peak_latency.h"

#include <chrono>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "gateway/upstream/latencies.h"

namespace gateway::upstream {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

// What one unit of the word cannot tell apart.
constexpr double kRoundingMs = 0.6;

class Latency : public testing::Test {
 protected:
  double ms() const {
    const auto latency = latency_.seen(now_).latency;
    return latency ? static_cast<double>(latency->count()) / 1e3 : -1;
  }

  PeakLatency::Now now_{seconds(1'000)};
  PeakLatency latency_;
};

TEST_F(Latency, IsUnknownUntilItIsMeasured) {
  EXPECT_FALSE(latency_.seen(now_).latency);
  latency_.none_within(seconds(3), now_);
  EXPECT_FALSE(latency_.seen(now_).latency) << "it may be any time";
  latency_.first_content(milliseconds(300), now_);
  EXPECT_NEAR(ms(), 300, kRoundingMs);
}

TEST_F(Latency, APeakCountsAtOnceAndDecaysWithTheAnswersAfterIt) {
  latency_.first_content(milliseconds(300), now_);
  latency_.first_content(milliseconds(3'000), now_);
  EXPECT_NEAR(ms(), 3'000, kRoundingMs);
  latency_.first_content(milliseconds(300), now_);
  EXPECT_NEAR(ms(), 3'000, kRoundingMs) << "at the same moment, nothing has decayed";
  now_ += seconds(10);
  latency_.first_content(milliseconds(300), now_);
  EXPECT_NEAR(ms(), 300 + 2'700 / 2.71828, 5);
  now_ += seconds(60);
  latency_.first_content(milliseconds(300), now_);
  EXPECT_NEAR(ms(), 300, 5);
}

TEST_F(Latency, TimeAloneForgetsNothingButTellsItsAge) {
  latency_.first_content(milliseconds(300), now_);
  now_ += hours(5);
  EXPECT_NEAR(ms(), 300, kRoundingMs);
  EXPECT_NEAR(static_cast<double>(latency_.seen(now_).age.count()), 5 * 3'600e3, 20);
  EXPECT_EQ(latency_.seen(now_ - hours(6)).age, milliseconds(0)) << "another worker was ahead";
}

TEST_F(Latency, WhatDidNotComeInTimeOnlyRaisesIt) {
  latency_.first_content(milliseconds(300), now_);
  latency_.none_within(milliseconds(20), now_);
  EXPECT_NEAR(ms(), 300, kRoundingMs);
  latency_.none_within(seconds(2), now_);
  EXPECT_NEAR(ms(), 2'000, kRoundingMs);
}

TEST_F(Latency, TheLongestThereIsFits) {
  latency_.first_content(hours(100), now_);
  EXPECT_GT(ms(), 17 * 60e3);
  EXPECT_EQ(latency_.seen(now_).in_flight, 0);
}

TEST_F(Latency, CountsWhatIsUnderWayUpToItsBound) {
  constexpr int kMost = (1 << 14) - 1;
  for (int i = 0; i < kMost; ++i) ASSERT_TRUE(latency_.began());
  EXPECT_FALSE(latency_.began());
  EXPECT_EQ(latency_.seen(now_).in_flight, kMost);
  latency_.first_content(milliseconds(5), now_);
  for (int i = 0; i < kMost; ++i) latency_.ended();
  EXPECT_EQ(latency_.seen(now_).in_flight, 0);
  EXPECT_NEAR(ms(), 5, kRoundingMs);
}

TEST_F(Latency, WorkersLoseNoneOfEachOthersCounts) {
  constexpr int kRounds = 20'000;
  std::vector<std::thread> workers;
  for (int worker = 0; worker < 4; ++worker) {
    workers.emplace_back([this] {
      for (int i = 0; i < kRounds; ++i) {
        (void)latency_.began();
        latency_.first_content(milliseconds(10), now_);
        latency_.ended();
      }
      (void)latency_.began();
    });
  }
  for (std::thread& worker : workers) worker.join();
  EXPECT_EQ(latency_.seen(now_).in_flight, 4);
  EXPECT_NEAR(ms(), 10, kRoundingMs);
}

TEST_F(Latency, OfATargetIsTheSameInEveryView) {
  Latencies shared;
  LatencyView one(shared);
  LatencyView other(shared);
  EXPECT_EQ(one.find("a"), nullptr);
  TargetLatency& made = one.find_or_make("a");
  EXPECT_EQ(other.find("a"), &made);
  EXPECT_EQ(&other.find_or_make("a"), &made);
  made.of(true).peak.first_content(milliseconds(7), now_);
  EXPECT_FALSE(made.of(false).peak.seen(now_).latency)
      << "whole answers are measured by themselves";
}

}  // namespace
}  // namespace gateway::upstream

#include "gateway/upstream/latency_p95.h"

#include <algorithm>
#include <chrono>
#include <random>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace gateway::upstream {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(LatencyP95, IsUnknownUntilTwentyWereSeen) {
  LatencyP95 latency;
  latency.none_within(seconds(9));
  for (int i = 0; i < 19; ++i) latency.began(milliseconds(100));
  EXPECT_FALSE(latency.seen());
  latency.began(milliseconds(100));
  EXPECT_TRUE(latency.seen());
}

// The share of the last answers that took longer than the estimate of their moment.
double share_above(std::mt19937_64& random, std::lognormal_distribution<double> took) {
  constexpr int kSettling = 300;
  constexpr int kMeasured = 20'000;
  LatencyP95 latency;
  int above = 0;
  for (int i = 0; i < kSettling + kMeasured; ++i) {
    const microseconds one(static_cast<std::int64_t>(took(random)) + 1);
    if (i >= kSettling && one > *latency.seen()) ++above;
    latency.began(one);
  }
  return static_cast<double>(above) / kMeasured;
}

TEST(LatencyP95, OneOfTwentyAnswersIsAboveIt) {
  std::mt19937_64 random(7);
  for (const double spread : {0.1, 0.5, 1.0}) {
    const double share = share_above(random, std::lognormal_distribution<double>(12.0, spread));
    EXPECT_NEAR(share, 0.05, 0.02) << "spread " << spread;
  }
}

TEST(LatencyP95, FollowsATargetThatGrowsSlowAndOneThatRecovers) {
  LatencyP95 latency;
  std::mt19937_64 random(7);
  std::uniform_int_distribution<int> around(80, 120);
  const auto answers = [&](int count, int times) {
    for (int i = 0; i < count; ++i) latency.began(milliseconds(around(random) * times));
  };
  answers(300, 1);
  EXPECT_NEAR(static_cast<double>(latency.seen()->count()) / 1e3, 118, 25);
  answers(60, 10);
  EXPECT_GT(*latency.seen(), milliseconds(900));
  answers(800, 1);
  EXPECT_LT(*latency.seen(), milliseconds(200));
}

TEST(LatencyP95, ThoseThatWereGivenUpCountWhereTheyTookLonger) {
  LatencyP95 latency;
  for (int i = 0; i < 50; ++i) latency.began(milliseconds(100));
  const auto before = *latency.seen();
  latency.none_within(milliseconds(10));
  EXPECT_EQ(*latency.seen(), before);
  latency.none_within(seconds(1));
  EXPECT_GT(*latency.seen(), before);
}

TEST(LatencyP95, StaysWithinReasonWhateverComes) {
  LatencyP95 latency;
  for (int i = 0; i < 1'000; ++i) latency.began(microseconds(0));
  EXPECT_GE(*latency.seen(), microseconds(1));
  for (int i = 0; i < 1'000; ++i) latency.began(std::chrono::hours(9));
  EXPECT_LE(*latency.seen(), std::chrono::hours(1));
}

TEST(LatencyP95, ThreadsLoseNothing) {
  LatencyP95 latency;
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&latency] {
      for (int i = 0; i < 5; ++i) latency.began(milliseconds(100));
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_TRUE(latency.seen()) << "twenty were seen";
}

}  // namespace
}  // namespace gateway::upstream

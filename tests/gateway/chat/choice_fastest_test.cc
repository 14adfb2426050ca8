#include "gateway/chat/choice_fastest.h"

#include <array>
#include <chrono>
#include <map>

#include "tests/gateway/chat/routes.h"

namespace gateway::chat {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

struct Fastest : Routes {
  upstream::PeakLatency& latency(std::size_t target) {
    return view.find_or_make(route.targets[target].target.name.view()).of(true).peak;
  }
  void measured(std::size_t target, milliseconds took) { latency(target).first_content(took, now); }
  std::string order() {
    Targets order = all();
    fastest_first(order, true, view, now, &random);
    return names(order);
  }

  upstream::Latencies shared;
  upstream::LatencyView view{shared};
  config::Clock::Steady now{seconds(1'000)};
};

TEST_F(Fastest, TheQuickerOfTwoGoesFirst) {
  targets({1, 1});
  measured(0, milliseconds(900));
  measured(1, milliseconds(300));
  for (int i = 0; i < 100; ++i) EXPECT_EQ(order(), "10");
}

TEST_F(Fastest, RequestsUnderWayCountAgainstIt) {
  targets({1, 1});
  measured(0, milliseconds(900));
  measured(1, milliseconds(300));
  (void)latency(1).began();
  EXPECT_EQ(order(), "10") << "600 before 900";
  (void)latency(1).began();
  (void)latency(1).began();
  EXPECT_EQ(order(), "01") << "1200 behind 900";
}

TEST_F(Fastest, OneNeverMeasuredIsTriedByOneRequestAtATime) {
  targets({1, 1});
  measured(0, milliseconds(10));
  EXPECT_EQ(order(), "10");
  (void)latency(1).began();
  EXPECT_EQ(order(), "01") << "somebody is finding out";
  latency(1).ended();
  EXPECT_EQ(order(), "10");
}

TEST_F(Fastest, OfManyTheBetterOfTwoDrawnGoesFirst) {
  targets({1, 1, 1});
  measured(0, milliseconds(100));
  measured(1, milliseconds(200));
  measured(2, milliseconds(300));
  std::map<char, int> first;
  constexpr int kDraws = 3'000;
  for (int i = 0; i < kDraws; ++i) ++first[order().front()];
  // Two of the three pairs hold the quickest; no pair is won by the slowest.
  EXPECT_NEAR(first['0'], 2'000, 150);
  EXPECT_NEAR(first['1'], 1'000, 150);
  EXPECT_EQ(first['2'], 0);
}

TEST_F(Fastest, TheOthersStandBehindByTheSameMeasure) {
  targets({1, 1, 1});
  measured(0, milliseconds(300));
  measured(1, milliseconds(200));
  measured(2, milliseconds(100));
  for (int i = 0; i < 100; ++i) {
    const std::string names = order();
    EXPECT_TRUE(names == "210" || names == "120") << names;
  }
}

TEST_F(Fastest, WhatWasMeasuredLongAgoIsTriedAgainNowAndThen) {
  targets({1, 1});
  measured(1, milliseconds(3'000));
  now += seconds(31);
  std::map<std::string, int> orders;
  constexpr int kDraws = 4'000;
  for (int i = 0; i < kDraws; ++i) {
    measured(0, milliseconds(300));
    ++orders[order()];
  }
  EXPECT_NEAR(orders["10"], kDraws / 20, 50);
  (void)latency(1).began();
  for (int i = 0; i < 200; ++i) EXPECT_EQ(order(), "01") << "one at a time";
}

TEST_F(Fastest, NothingIsLeftToChanceWithoutRandomness) {
  targets({1, 1, 1});
  measured(0, milliseconds(300));
  measured(1, milliseconds(200));
  measured(2, milliseconds(100));
  now += seconds(100);
  Targets order = all();
  fastest_first(order, true, view, now, nullptr);
  EXPECT_EQ(names(order), "210");
}

// A server that answers in ten times the other's time gets a tenth of the requests or less, and
// the quick one's answers are what most callers wait for.
TEST_F(Fastest, U39_ASlowTargetIsAvoided) {
  targets({1, 1});
  constexpr std::array<milliseconds, 2> kTakes{milliseconds(2'000), milliseconds(200)};
  std::array<int, 2> asked{};
  struct Running {
    std::size_t target;
    config::Clock::Steady ends;
  };
  std::vector<Running> running;
  for (int request = 0; request < 2'000; ++request) {
    now += milliseconds(50);
    std::erase_if(running, [&](const Running& one) {
      if (one.ends > now) return false;
      latency(one.target).first_content(kTakes[one.target], one.ends);
      latency(one.target).ended();
      return true;
    });
    const auto chosen = static_cast<std::size_t>(order().front() - '0');
    ++asked[chosen];
    (void)latency(chosen).began();
    running.push_back({chosen, now + kTakes[chosen]});
  }
  EXPECT_GT(asked[0], 0) << "it is looked at again";
  EXPECT_LT(asked[0], 200);
}

}  // namespace
}  // namespace gateway::chat

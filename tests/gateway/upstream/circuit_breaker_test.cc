#include "gateway/upstream/circuit_breaker.h"

#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "gateway/upstream/circuit_breakers.h"

namespace gateway::upstream {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using Permit = CircuitBreaker::Permit;
using State = CircuitBreaker::State;
using config::ErrorCode;

class Breaker : public testing::Test {
 protected:
  State state() const { return breaker_.status(now_).state; }
  bool fail() { return breaker_.failed(ask(), ErrorCode::upstream_unavailable, now_, settings_); }
  bool succeed() { return breaker_.succeeded(ask(), now_, settings_); }
  Permit ask() { return breaker_.ask(now_); }
  void open() {
    while (state() == State::closed) (void)fail();
  }

  config::Breaker settings_;
  CircuitBreaker::Now now_{seconds(1'000)};
  CircuitBreaker breaker_;
};

TEST_F(Breaker, OpensAtTheFifthFailureInARow) {
  for (int i = 1; i < settings_.failures_in_a_row; ++i) {
    EXPECT_FALSE(fail());
    EXPECT_EQ(state(), State::closed);
  }
  EXPECT_TRUE(fail());
  EXPECT_EQ(state(), State::open);
  EXPECT_EQ(ask(), Permit::refused);
  EXPECT_EQ(breaker_.status(now_).why, ErrorCode::upstream_unavailable);
  EXPECT_EQ(breaker_.status(now_).next_probe, settings_.open_for);
  EXPECT_EQ(breaker_.opened(), 1U);
}

TEST_F(Breaker, IsHalfOpenOnceItsRestIsOverThoughNobodyComes) {
  open();
  now_ += settings_.open_for - milliseconds(1);
  EXPECT_EQ(state(), State::open);
  now_ += milliseconds(1);
  EXPECT_EQ(state(), State::half_open);
  EXPECT_EQ(breaker_.status(now_).why, ErrorCode::upstream_unavailable);
  EXPECT_EQ(breaker_.status(now_).next_probe, milliseconds(0)) << "the next request";
}

TEST_F(Breaker, ASuccessBetweenBeginsTheRowAnew) {
  settings_.failure_share = 0;
  for (int round = 0; round < 10; ++round) {
    for (int i = 1; i < settings_.failures_in_a_row; ++i) EXPECT_FALSE(fail());
    EXPECT_FALSE(succeed());
  }
  EXPECT_EQ(state(), State::closed);
}

TEST_F(Breaker, OpensWhereHalfOfAWindowFails) {
  settings_.failures_in_a_row = 0;
  for (int i = 0; i < settings_.least_attempts / 2 - 1; ++i) {
    EXPECT_FALSE(fail());
    EXPECT_FALSE(succeed());
  }
  EXPECT_FALSE(fail());
  EXPECT_TRUE(fail()) << "the twentieth, and more than half of them";
}

TEST_F(Breaker, AWindowForgetsTheOneBefore) {
  settings_.failures_in_a_row = 0;
  for (int i = 0; i < settings_.least_attempts - 1; ++i) EXPECT_FALSE(fail());
  now_ += settings_.window;
  EXPECT_FALSE(fail());
}

TEST_F(Breaker, OneRequestFindsOutWhetherItAnswersAgain) {
  open();
  now_ += settings_.open_for - milliseconds(1);
  EXPECT_EQ(ask(), Permit::refused);
  now_ += milliseconds(1);
  EXPECT_EQ(ask(), Permit::probe);
  EXPECT_EQ(ask(), Permit::refused) << "the others wait for what it finds";
  EXPECT_EQ(state(), State::half_open);
  EXPECT_TRUE(breaker_.succeeded(Permit::probe, now_, settings_));
  EXPECT_EQ(state(), State::closed);
  EXPECT_EQ(ask(), Permit::given);
}

TEST_F(Breaker, WhileProbesFailItWaitsTwiceAsLongUpToALimit) {
  open();
  auto expected = settings_.open_for;
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(breaker_.status(now_).next_probe, expected);
    now_ += expected;
    ASSERT_EQ(ask(), Permit::probe);
    EXPECT_TRUE(breaker_.failed(Permit::probe, ErrorCode::upstream_timeout, now_, settings_));
    expected = std::min(expected * 2, settings_.open_at_most);
  }
  EXPECT_EQ(expected, settings_.open_at_most);
  now_ += expected;
  ASSERT_EQ(ask(), Permit::probe);
  breaker_.succeeded(Permit::probe, now_, settings_);
  open();
  EXPECT_EQ(breaker_.status(now_).next_probe, settings_.open_for) << "a success forgets all that";
}

TEST_F(Breaker, AProbeThatTellsNothingIsFollowedByAnother) {
  open();
  now_ += settings_.open_for;
  ASSERT_EQ(ask(), Permit::probe);
  breaker_.returned(Permit::probe, now_);
  EXPECT_EQ(ask(), Permit::probe);
  EXPECT_EQ(ask(), Permit::refused);
  now_ += minutes(2);
  EXPECT_EQ(ask(), Permit::probe) << "one that never ends is given up";
}

TEST_F(Breaker, WhatWasAskedBeforeItOpenedTeachesNothing) {
  const Permit early = ask();
  open();
  const auto before = breaker_.status(now_).next_probe;
  EXPECT_FALSE(breaker_.failed(early, ErrorCode::upstream_timeout, now_, settings_));
  EXPECT_FALSE(breaker_.succeeded(early, now_, settings_));
  EXPECT_EQ(state(), State::open);
  EXPECT_EQ(breaker_.status(now_).next_probe, before);
}

TEST_F(Breaker, ARestThatAnUpstreamAsksForIsKept) {
  EXPECT_TRUE(breaker_.bench(ask(), ErrorCode::upstream_busy, seconds(7), now_));
  EXPECT_FALSE(breaker_.bench(Permit::given, ErrorCode::upstream_busy, seconds(2), now_))
      << "the longest of them counts";
  now_ += seconds(7) - milliseconds(1);
  EXPECT_EQ(ask(), Permit::refused);
  now_ += milliseconds(1);
  EXPECT_EQ(ask(), Permit::probe);
}

TEST_F(Breaker, ByHandItIsOpenedAndClosed) {
  breaker_.hold(minutes(30), now_);
  EXPECT_EQ(ask(), Permit::refused);
  EXPECT_EQ(breaker_.status(now_).why, std::nullopt);
  now_ += minutes(29);
  EXPECT_EQ(ask(), Permit::refused);
  breaker_.reset();
  EXPECT_EQ(ask(), Permit::given);
  EXPECT_EQ(breaker_.status(now_).in_a_row, 0);
}

TEST_F(Breaker, AnAnswerThatCostNothingHasTheNextRequestFindOut) {
  open();
  EXPECT_TRUE(breaker_.end_rest(ErrorCode::upstream_unavailable, now_));
  EXPECT_EQ(state(), State::half_open);
  EXPECT_EQ(ask(), Permit::probe);
  EXPECT_EQ(ask(), Permit::refused) << "one of them";
  EXPECT_TRUE(breaker_.failed(Permit::probe, ErrorCode::upstream_timeout, now_, settings_));
  EXPECT_EQ(breaker_.status(now_).next_probe, settings_.open_for * 2) << "as after any probe";
  EXPECT_TRUE(breaker_.end_rest(ErrorCode::upstream_timeout, now_));
  ASSERT_EQ(ask(), Permit::probe);
  EXPECT_TRUE(breaker_.succeeded(Permit::probe, now_, settings_));
  EXPECT_EQ(state(), State::closed);
}

TEST_F(Breaker, AnAnswerThatCostNothingCountsForWhatItWasAskedAboutAlone) {
  EXPECT_FALSE(breaker_.end_rest(ErrorCode::upstream_unavailable, now_));
  EXPECT_EQ(state(), State::closed);
  breaker_.bench(ask(), ErrorCode::upstream_busy, seconds(30), now_);
  EXPECT_FALSE(breaker_.end_rest(ErrorCode::upstream_unavailable, now_)) << "rests anew";
  EXPECT_FALSE(breaker_.rest_for(ErrorCode::upstream_unavailable, ErrorCode::upstream_denied,
                                 minutes(5), now_));
  EXPECT_EQ(breaker_.status(now_).next_probe, seconds(30));
  breaker_.hold(minutes(30), now_);
  EXPECT_FALSE(breaker_.end_rest(ErrorCode::upstream_busy, now_)) << "held by hand";
  EXPECT_FALSE(
      breaker_.rest_for(ErrorCode::upstream_busy, ErrorCode::upstream_denied, minutes(60), now_));
  EXPECT_EQ(breaker_.status(now_).next_probe, minutes(30));
  EXPECT_EQ(breaker_.status(now_).why, std::nullopt);
}

TEST_F(Breaker, ARefusedKeyThatWasAskedAboutIsWhyItRests) {
  open();
  EXPECT_TRUE(breaker_.rest_for(ErrorCode::upstream_unavailable, ErrorCode::upstream_denied,
                                minutes(5), now_));
  EXPECT_EQ(breaker_.status(now_).why, ErrorCode::upstream_denied);
  EXPECT_EQ(breaker_.status(now_).next_probe, minutes(5));
  now_ += minutes(1);
  EXPECT_TRUE(breaker_.rest_for(ErrorCode::upstream_denied, ErrorCode::upstream_no_credit,
                                milliseconds(0), now_));
  EXPECT_EQ(breaker_.status(now_).why, ErrorCode::upstream_no_credit);
  EXPECT_EQ(breaker_.status(now_).next_probe, minutes(4)) << "no longer than it did";
  EXPECT_EQ(breaker_.opened(), 1U);
}

TEST_F(Breaker, WhatAProbeFindsDoesNotUndoAHoldByHand) {
  for (const bool answers : {true, false}) {
    breaker_.reset();
    open();
    now_ += settings_.open_for;
    ASSERT_EQ(ask(), Permit::probe);
    breaker_.hold(minutes(30), now_);
    if (answers) {
      EXPECT_FALSE(breaker_.succeeded(Permit::probe, now_, settings_));
    } else {
      EXPECT_FALSE(breaker_.failed(Permit::probe, ErrorCode::upstream_timeout, now_, settings_));
    }
    EXPECT_EQ(breaker_.status(now_).next_probe, minutes(30));
    EXPECT_EQ(breaker_.status(now_).why, std::nullopt) << "held, whatever was under way";
  }
}

TEST_F(Breaker, WhatAnUpstreamAsksForDoesNotUndoAHoldByHand) {
  const Permit early = ask();
  breaker_.hold(minutes(30), now_);
  EXPECT_FALSE(breaker_.bench(early, ErrorCode::upstream_no_credit, minutes(60), now_));
  EXPECT_EQ(breaker_.status(now_).next_probe, minutes(30));
  EXPECT_EQ(breaker_.status(now_).why, std::nullopt);
}

TEST_F(Breaker, OfManyThreadsOneProbes) {
  open();
  now_ += settings_.open_for;
  std::atomic<int> probes{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      for (int n = 0; n < 1'000; ++n) {
        if (ask() == Permit::probe) ++probes;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(probes, 1);
}

TEST(Breakers, AreTheSameForEveryWorkerAndMadeWhereOneFails) {
  CircuitBreakers shared;
  BreakerView one(shared);
  BreakerView other(shared);
  EXPECT_EQ(one.find("near/m"), nullptr);
  CircuitBreaker* const made = one.make("near/m", "near/*");
  EXPECT_EQ(one.find("near/m"), made);
  EXPECT_EQ(other.find("near/m"), made);
  EXPECT_EQ(other.make("near/m", "near/*"), made);
  EXPECT_EQ(one.find("near/other"), nullptr);
}

TEST(Breakers, ThatClientsCanHaveMadeAreBounded) {
  CircuitBreakers shared;
  int made = 0;
  while (made < 10'000 && shared.make("near/" + std::to_string(made), "near/*") != nullptr) ++made;
  EXPECT_EQ(made, 4'096);
  EXPECT_NE(shared.make("near/7", "near/*"), nullptr) << "those there are stay";
}

}  // namespace
}  // namespace gateway::upstream

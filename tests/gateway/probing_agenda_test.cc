#include <algorithm>
#include <chrono>
#include <deque>
#include <map>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "gateway/probing/agenda.h"

namespace gateway::probing {
namespace {

using config::ErrorCode;
using config::FreeQuestion;
using std::chrono::minutes;
using std::chrono::seconds;
using upstream::CircuitBreaker;
using Permit = CircuitBreaker::Permit;
using State = CircuitBreaker::State;

class ProbingAgenda : public testing::Test {
 protected:
  // A target of `provider` that asks every ten seconds, and its breaker.
  CircuitBreaker& add(const std::string& provider, const std::string& model,
                      FreeQuestion ask = FreeQuestion::models) {
    config::Target& target = targets_.emplace_back();
    target.provider = config::ProviderName(provider);
    target.name = config::TargetName(provider + "/" + model);
    target.model = model;
    target.probe = {ask, seconds(10), "openai"};
    CircuitBreaker& breaker = breakers_.emplace_back();
    WatchedTarget& watched = watched_[target.name.str()];
    watched.target = &target;
    watched.breakers.emplace_back(target.name.str(), &breaker);
    return breaker;
  }
  void open(CircuitBreaker& breaker, ErrorCode why = ErrorCode::upstream_unavailable) {
    breaker.bench(breaker.ask(now_), why, minutes(5), now_);
  }
  std::vector<Agenda::Question> due() { return agenda_.due(watched_, now_); }
  // The one question that is due when `every` has passed since it was first seen.
  Agenda::Question question() {
    EXPECT_TRUE(due().empty());
    now_ += seconds(10);
    auto questions = due();
    EXPECT_EQ(questions.size(), 1U);
    return questions.empty() ? Agenda::Question{} : questions.front();
  }
  static config::Result<void> refused(ErrorCode code) { return config::failure(code, "no"); }
  State state(const CircuitBreaker& breaker) const { return breaker.status(now_).state; }

  std::deque<config::Target> targets_;
  std::deque<CircuitBreaker> breakers_;
  std::map<std::string, WatchedTarget> watched_;
  CircuitBreaker::Now now_{seconds(1'000)};
  Agenda agenda_;
};

TEST_F(ProbingAgenda, NobodyIsAskedWhileAllWork) {
  auto& breaker = add("near", "m");
  now_ += minutes(1);
  EXPECT_TRUE(due().empty());
  for (int i = 0; i < 4; ++i) {
    breaker.failed(breaker.ask(now_), ErrorCode::upstream_timeout, now_, {});
  }
  now_ += minutes(1);
  EXPECT_TRUE(due().empty()) << "failures that open nothing";
}

TEST_F(ProbingAgenda, WhoIsLeftAloneIsAskedEverySoOften) {
  auto& breaker = add("near", "m");
  open(breaker);
  auto asked = question();
  ASSERT_EQ(asked.about.size(), 1U);
  EXPECT_EQ(asked.asked->name.view(), "near/m");
  now_ += minutes(1);
  EXPECT_TRUE(due().empty()) << "the question is under way";
  const auto before = breaker.status(now_);
  EXPECT_EQ(agenda_.answered(asked, refused(ErrorCode::upstream_timeout), now_), 0);
  EXPECT_EQ(state(breaker), State::open);
  EXPECT_EQ(breaker.status(now_).next_probe, before.next_probe) << "no longer than it did";
  EXPECT_EQ(breaker.status(now_).why, before.why);
  asked = due().at(0);
  agenda_.answered(asked, refused(ErrorCode::upstream_timeout), now_);
  now_ += seconds(9);
  EXPECT_TRUE(due().empty());
  now_ += seconds(1);
  EXPECT_EQ(due().size(), 1U);
}

TEST_F(ProbingAgenda, WhoAnswersIsTriedByOneRequest) {
  auto& breaker = add("near", "m");
  open(breaker);
  EXPECT_EQ(agenda_.answered(question(), {}, now_), 1);
  EXPECT_EQ(state(breaker), State::half_open);
  now_ += minutes(1);
  EXPECT_TRUE(due().empty()) << "real traffic finds out";
  EXPECT_EQ(breaker.ask(now_), Permit::probe);
  EXPECT_EQ(breaker.ask(now_), Permit::refused);
}

TEST_F(ProbingAgenda, OneQuestionIsForAllTargetsOfAProvider) {
  auto& one = add("near", "one");
  auto& other = add("near", "other");
  auto& far = add("far", "m");
  for (auto* breaker : {&one, &other, &far}) open(*breaker);
  EXPECT_TRUE(due().empty());
  now_ += seconds(10);
  const auto questions = due();
  ASSERT_EQ(questions.size(), 2U);
  EXPECT_EQ(questions[1].about.size(), 2U);
  EXPECT_EQ(agenda_.answered(questions[1], {}, now_), 2);
  EXPECT_EQ(state(one), State::half_open);
  EXPECT_EQ(state(other), State::half_open);
  EXPECT_EQ(state(far), State::open);
}

TEST_F(ProbingAgenda, NobodyIsAskedAboutWhatTheQuestionCannotTell) {
  open(add("busy", "m"), ErrorCode::upstream_busy);
  open(add("missing", "m"), ErrorCode::upstream_model_missing);
  open(add("denied", "m"), ErrorCode::upstream_denied);
  open(add("poor", "m", FreeQuestion::health), ErrorCode::upstream_no_credit);
  open(add("silent", "m", FreeQuestion::none));
  add("held", "m").hold(minutes(30), now_);
  EXPECT_TRUE(due().empty());
  now_ += seconds(10);
  EXPECT_TRUE(due().empty());
}

TEST_F(ProbingAgenda, WhoseRestsAreShorterThanThatIsAskedAllTheSame) {
  auto& breaker = add("near", "m");
  for (const int rest : {1, 2, 4, 8}) {
    breaker.bench(breaker.ask(now_), ErrorCode::upstream_timeout, seconds(rest), now_);
    for (int second = 0; second < rest; ++second) {
      const auto questions = due();
      const bool ten_have_passed = now_ == CircuitBreaker::Now(seconds(1'010));
      ASSERT_EQ(questions.size(), ten_have_passed ? 1U : 0U);
      now_ += seconds(1);
      if (!ten_have_passed) continue;
      EXPECT_EQ(agenda_.answered(questions[0], refused(ErrorCode::upstream_timeout), now_), 0);
    }
  }
}

TEST_F(ProbingAgenda, WhoseRestIsOverIsAskedUntilItAnswersOrARequestFindsOut) {
  auto& breaker = add("near", "m");
  breaker.bench(breaker.ask(now_), ErrorCode::upstream_timeout, seconds(1), now_);
  agenda_.answered(question(), refused(ErrorCode::upstream_timeout), now_);
  EXPECT_EQ(state(breaker), State::half_open) << "nobody came";
  now_ += seconds(10);
  const auto questions = due();
  ASSERT_EQ(questions.size(), 1U);
  EXPECT_EQ(agenda_.answered(questions[0], {}, now_), 1);
  now_ += minutes(1);
  EXPECT_TRUE(due().empty()) << "it answers";
  EXPECT_EQ(breaker.ask(now_), Permit::probe);
}

TEST_F(ProbingAgenda, AKeyThatIsTakenAgainEndsTheRestItCaused) {
  for (const auto why : {ErrorCode::upstream_denied, ErrorCode::upstream_no_credit}) {
    auto& breaker = add(std::string(config::to_string(why)), "m", FreeQuestion::key);
    open(breaker, why);
    EXPECT_EQ(agenda_.answered(question(), {}, now_), 1);
    EXPECT_EQ(state(breaker), State::half_open);
  }
}

TEST_F(ProbingAgenda, ARefusedKeyIsWhyItRestsAndIsTriedInItsTime) {
  auto& breaker = add("near", "m", FreeQuestion::key);
  breaker.bench(breaker.ask(now_), ErrorCode::upstream_unavailable, seconds(60), now_);
  EXPECT_EQ(agenda_.answered(question(), refused(ErrorCode::upstream_denied), now_), 1);
  EXPECT_EQ(breaker.status(now_).why, ErrorCode::upstream_denied);
  EXPECT_EQ(breaker.status(now_).next_probe, config::Breaker{}.unusable_for);
  now_ += minutes(1);
  const auto questions = due();
  ASSERT_EQ(questions.size(), 1U);
  EXPECT_EQ(agenda_.answered(questions[0], refused(ErrorCode::upstream_no_credit), now_), 1);
  EXPECT_EQ(breaker.status(now_).why, ErrorCode::upstream_no_credit);
  EXPECT_EQ(breaker.status(now_).next_probe, config::Breaker{}.unusable_for - minutes(1));
}

TEST_F(ProbingAgenda, WhatBecameOfATargetMeanwhileStays) {
  auto& held = add("near", "held");
  auto& works = add("near", "works");
  open(held);
  open(works);
  const auto asked = question();
  held.hold(minutes(30), now_);
  works.reset();
  EXPECT_EQ(agenda_.answered(asked, {}, now_), 0);
  EXPECT_EQ(state(held), State::open);
  EXPECT_EQ(state(works), State::closed);
}

TEST_F(ProbingAgenda, AnswersThatRequestsBelieCountMoreAndMoreRarely) {
  auto& breaker = add("near", "m");
  open(breaker);
  agenda_.answered(question(), {}, now_);
  auto pause = seconds(10);
  for (int i = 0; i < 8; ++i) {
    ASSERT_EQ(breaker.ask(now_), Permit::probe);
    breaker.bench(Permit::probe, ErrorCode::upstream_timeout, minutes(60), now_);
    EXPECT_TRUE(due().empty());
    pause = std::min(pause * 2, seconds(320));
    now_ += pause - seconds(1);
    EXPECT_TRUE(due().empty()) << i;
    now_ += seconds(1);
    EXPECT_TRUE(due().empty()) << "as after any opening, the question comes `every` later";
    now_ += seconds(10);
    const auto questions = due();
    ASSERT_EQ(questions.size(), 1U) << i;
    EXPECT_EQ(agenda_.answered(questions[0], {}, now_), 1);
  }
  breaker.succeeded(breaker.ask(now_), now_, {});
  EXPECT_TRUE(due().empty());
  open(breaker);
  agenda_.answered(question(), {}, now_);
  EXPECT_EQ(state(breaker), State::half_open) << "a success forgets all that";
}

}  // namespace
}  // namespace gateway::probing

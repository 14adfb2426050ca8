#include "gateway/upstream/key_pool.h"

#include <chrono>

#include <gtest/gtest.h>

namespace gateway::upstream {
namespace {

using config::ErrorCode;
using config::Secret;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using Permit = KeyPool::Permit;

class Keys : public testing::Test {
 protected:
  Permit ask(std::size_t position = 0) {
    const auto answer = pool_.ask(position, key_, now_);
    trial_ = answer.trial;
    return answer.permit;
  }
  void rest(milliseconds how_long) {
    pool_.rests(0, key_, ErrorCode::upstream_busy, how_long, now_);
  }

  const Secret key_{"sk-one"};
  KeyPool::Now now_{seconds(1'000)};
  KeyPool pool_;
  std::uint64_t trial_ = 0;  // the last one
};

TEST_F(Keys, OneThatWorksIsGiven) {
  EXPECT_EQ(ask(), Permit::given);
  EXPECT_FALSE(pool_.rest_of(0, key_, now_));
}

TEST_F(Keys, ARestEndsInATrialOfOneRequest) {
  rest(seconds(2));
  EXPECT_EQ(ask(), Permit::refused);
  EXPECT_EQ(ask(1), Permit::given) << "the others do not rest";
  const auto told = pool_.rest_of(0, key_, now_);
  ASSERT_TRUE(told);
  EXPECT_EQ(told->why, ErrorCode::upstream_busy);
  EXPECT_EQ(told->left, seconds(2));

  now_ += seconds(2);
  EXPECT_EQ(ask(), Permit::trial);
  const auto first = trial_;
  EXPECT_EQ(ask(), Permit::refused) << "until that is known";
  pool_.works(0, first);
  EXPECT_EQ(ask(), Permit::given);
}

TEST_F(Keys, ATrialThatFailsRestsAgain) {
  rest(seconds(2));
  now_ += seconds(2);
  EXPECT_EQ(ask(), Permit::trial);
  rest(minutes(5));
  now_ += minutes(4);
  EXPECT_EQ(ask(), Permit::refused);
  now_ += minutes(1);
  EXPECT_EQ(ask(), Permit::trial);
}

TEST_F(Keys, ATrialThatTellsNothingGoesToTheNextRequest) {
  rest(seconds(2));
  now_ += seconds(2);
  EXPECT_EQ(ask(), Permit::trial);
  pool_.returned(0, trial_, now_);
  EXPECT_EQ(ask(), Permit::trial);
  now_ += minutes(1);
  EXPECT_EQ(ask(), Permit::trial) << "one that takes too long is given up";
}

// One worker tries a key; before that has told anything, a request of another, which was under
// way with the same key, is refused.
class TrialBesideARest : public Keys {
 protected:
  void SetUp() override {
    rest(seconds(2));
    now_ += seconds(2);
    ASSERT_EQ(ask(), Permit::trial);
    now_ += milliseconds(5);
  }
  void expect_rest(milliseconds left) {
    const auto told = pool_.rest_of(0, key_, now_);
    ASSERT_TRUE(told);
    EXPECT_EQ(told->left, left);
    EXPECT_EQ(ask(), Permit::refused);
  }
};

TEST_F(TrialBesideARest, ThatItWorkedDoesNotEndTheRest) {
  rest(minutes(1));
  pool_.works(0, trial_);
  expect_rest(minutes(1));
}

TEST_F(TrialBesideARest, ThatItToldNothingDoesNotEndTheRestEither) {
  rest(minutes(1));
  pool_.returned(0, trial_, now_);
  expect_rest(minutes(1));
}

// A rest of just as long as a trial may take, for the same reason, is another word all the same.
TEST_F(TrialBesideARest, ARestIsNoTrial) {
  now_ -= milliseconds(5);
  rest(minutes(1));
  pool_.works(0, trial_);
  expect_rest(minutes(1));
}

TEST_F(TrialBesideARest, OneThatWasGivenUpDoesNotSpeakForTheNext) {
  const auto slow = trial_;
  now_ += minutes(1);
  ASSERT_EQ(ask(), Permit::trial);
  pool_.returned(0, slow, now_);
  EXPECT_EQ(ask(), Permit::refused) << "the second one is under way";
  pool_.works(0, slow);
  EXPECT_EQ(ask(), Permit::refused);
}

TEST_F(Keys, AKeyThatTookAnothersPlaceDoesNotRest) {
  rest(minutes(5));
  const Secret fresh("sk-two");
  EXPECT_EQ(pool_.ask(0, fresh, now_).permit, Permit::given);
  EXPECT_FALSE(pool_.rest_of(0, fresh, now_));
}

}  // namespace
}  // namespace gateway::upstream

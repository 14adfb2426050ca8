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
  Permit ask(std::size_t position = 0) { return pool_.ask(position, key_, now_); }
  void rest(milliseconds how_long) {
    pool_.rests(0, key_, ErrorCode::upstream_busy, how_long, now_);
  }

  const Secret key_{"sk-one"};
  KeyPool::Now now_{seconds(1'000)};
  KeyPool pool_;
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
  EXPECT_EQ(ask(), Permit::refused) << "until that is known";
  pool_.works(0);
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
  pool_.returned(0, now_);
  EXPECT_EQ(ask(), Permit::trial);
  now_ += minutes(1);
  EXPECT_EQ(ask(), Permit::trial) << "one that takes too long is given up";
}

TEST_F(Keys, AKeyThatTookAnothersPlaceDoesNotRest) {
  rest(minutes(5));
  const Secret fresh("sk-two");
  EXPECT_EQ(pool_.ask(0, fresh, now_), Permit::given);
  EXPECT_FALSE(pool_.rest_of(0, fresh, now_));
}

}  // namespace
}  // namespace gateway::upstream

#include "gateway/ledger/believed_clock.h"

#include <optional>

#include <gtest/gtest.h>

#include "tests/support/fake_clock.h"

namespace gateway {
namespace {

using std::chrono::hours;

class BelievedClockTest : public testing::Test {
 protected:
  using Wall = BelievedClock::Wall;

  Wall now() { return believed_.now().value(); }

  test::FakeClock clock_;
  std::optional<Wall> newest_;  // record, when it is asked at the start
  bool fails_ = false;
  BelievedClock believed_{clock_, [this]() -> config::Result<std::optional<Wall>> {
                            if (fails_) {
                              return config::failure(config::ErrorCode::overloaded, "busy");
                            }
                            return newest_;
                          }};
};

TEST_F(BelievedClockTest, AClockThatJumpsAheadIsBelievedAfterItHasHeldForADay) {
  const auto first = now();
  EXPECT_EQ(first, clock_.wall());
  clock_.advance(hours(1));
  clock_.set_wall(clock_.wall() + hours(24) * 900);
  EXPECT_EQ(now(), first + hours(1)) << "as if it had not jumped";
  clock_.advance(hours(23));
  EXPECT_EQ(now(), first + hours(24));
  clock_.advance(hours(1));
  EXPECT_EQ(now(), clock_.wall());
}

TEST_F(BelievedClockTest, AClockThatComesBackIsDoubtedForAWholeDayAgain) {
  const auto first = now();
  for (int times = 0; times < 5; ++times) {
    clock_.set_wall(first + hours(24) * 900);
    EXPECT_EQ(now(), first + hours(20) * times);
    clock_.advance(hours(20));
    clock_.set_wall(first + hours(20) * (times + 1));
    EXPECT_EQ(now(), first + hours(20) * (times + 1));
  }
}

TEST_F(BelievedClockTest, AClockThatIsWrongAtTheStartIsToldByTheNewestRecords) {
  newest_ = clock_.wall() - hours(24) * 30;
  EXPECT_EQ(now(), *newest_);
  clock_.advance(hours(24));
  EXPECT_EQ(now(), clock_.wall()) << "nobody asked anything for a month";
}

TEST_F(BelievedClockTest, AClockSetBackOrADayAheadIsFollowedAtOnce) {
  (void)now();
  clock_.set_wall(clock_.wall() + hours(23));
  EXPECT_EQ(now(), clock_.wall());
  clock_.set_wall(clock_.wall() - hours(24) * 50);
  EXPECT_EQ(now(), clock_.wall());
}

TEST_F(BelievedClockTest, WhileTheRecordsCannotBeReadNothingIsBelieved) {
  fails_ = true;
  EXPECT_FALSE(believed_.now());
  fails_ = false;
  EXPECT_TRUE(believed_.now());
}

}  // namespace
}  // namespace gateway

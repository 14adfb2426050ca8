#include "gateway/deadlines.h"

#include <memory>

#include <gtest/gtest.h>

#include "tests/support/fake_clock.h"

namespace gateway {
namespace {

using std::chrono::milliseconds;

class DeadlinesTest : public testing::Test {
 protected:
  void pass(milliseconds time) {
    clock_.advance(time);
    wheel_.advance(clock_.now());
  }

  static void count(void* counter) { ++*static_cast<int*>(counter); }

  test::FakeClock clock_;
  net::io_context io_;
  Deadlines wheel_{io_, clock_};
};

TEST_F(DeadlinesTest, NeverEarlyAndLateByAtMostOneTick) {
  for (int offset = 0; offset < 25; ++offset) {
    clock_.advance(milliseconds(1));
    for (int wanted : {0, 1, 19, 20, 21, 500, 10'239, 10'240, 75'000}) {
      int expired = 0;
      Deadline deadline(wheel_, count, &expired);
      deadline.set(milliseconds(wanted));
      int waited = 0;
      while (expired == 0) {
        ASSERT_LE(waited, wanted + Deadlines::kTick.count());
        pass(milliseconds(1));
        ++waited;
      }
      EXPECT_GE(waited, wanted);
      EXPECT_FALSE(deadline.pending());
    }
  }
}

TEST_F(DeadlinesTest, ExpiresOncePerSet) {
  int expired = 0;
  Deadline deadline(wheel_, count, &expired);
  deadline.set(milliseconds(40));
  pass(milliseconds(60));
  pass(milliseconds(60'000));
  EXPECT_EQ(expired, 1);
}

TEST_F(DeadlinesTest, ALongSleepExpiresEverythingThatWasDueInIt) {
  int expired = 0;
  Deadline near(wheel_, count, &expired);
  Deadline far(wheel_, count, &expired);
  Deadline beyond(wheel_, count, &expired);
  near.set(milliseconds(20));
  far.set(milliseconds(50'000));
  beyond.set(milliseconds(200'000));
  pass(milliseconds(100'000));
  EXPECT_EQ(expired, 2);
  EXPECT_TRUE(beyond.pending());
}

TEST_F(DeadlinesTest, ClearedAndDestroyedDeadlinesStaySilent) {
  int expired = 0;
  Deadline cleared(wheel_, count, &expired);
  cleared.set(milliseconds(40));
  cleared.clear();
  {
    Deadline destroyed(wheel_, count, &expired);
    destroyed.set(milliseconds(40));
  }
  pass(milliseconds(1000));
  EXPECT_EQ(expired, 0);
  EXPECT_EQ(wheel_.pending(), 0U);
}

TEST_F(DeadlinesTest, SettingAgainMovesTheTime) {
  int expired = 0;
  Deadline deadline(wheel_, count, &expired);
  deadline.set(milliseconds(40));
  deadline.set(milliseconds(400));
  pass(milliseconds(100));
  EXPECT_EQ(expired, 0);
  EXPECT_EQ(wheel_.pending(), 1U);
  pass(milliseconds(400));
  EXPECT_EQ(expired, 1);
}

TEST_F(DeadlinesTest, ACallbackMaySetItsOwnDeadlineAgain) {
  struct Repeating {
    explicit Repeating(Deadlines& wheel)
        : deadline(wheel, [](void* self) { static_cast<Repeating*>(self)->again(); }, this) {}
    void again() {
      ++times;
      deadline.set(milliseconds(40));
    }
    int times = 0;
    Deadline deadline;
  } repeating(wheel_);
  repeating.deadline.set(milliseconds(40));
  for (int i = 0; i < 30; ++i) pass(milliseconds(20));
  EXPECT_EQ(repeating.times, 10);
}

TEST_F(DeadlinesTest, ACallbackMayDestroyDeadlinesDueInTheSameTick) {
  struct Pair {
    std::unique_ptr<Deadline> mine, other;
    int* expired = nullptr;
    static void run(void* self) {
      auto& pair = *static_cast<Pair*>(self);
      ++*pair.expired;
      pair.other.reset();
      pair.mine.reset();
    }
  } pair;
  int expired = 0;
  pair.expired = &expired;
  pair.mine = std::make_unique<Deadline>(wheel_, Pair::run, &pair);
  pair.other = std::make_unique<Deadline>(wheel_, Pair::run, &pair);
  pair.mine->set(milliseconds(40));
  pair.other->set(milliseconds(40));
  pass(milliseconds(200));
  EXPECT_EQ(expired, 1);
}

TEST_F(DeadlinesTest, AnIdleWheelCatchesUpBeforeSomethingNewHangsOnIt) {
  clock_.advance(std::chrono::hours(1));  // the timer does not run: nothing is pending
  int expired = 0;
  Deadline deadline(wheel_, count, &expired);
  deadline.set(milliseconds(100));
  pass(milliseconds(80));
  EXPECT_EQ(expired, 0);
  pass(milliseconds(40));
  EXPECT_EQ(expired, 1);
}

TEST(DeadlinesOnAnIoContext, TheTimerDrivesThemAndLetsTheContextEnd) {
  config::SystemClock clock;
  net::io_context io;
  Deadlines wheel(io, clock);
  int expired = 0;
  Deadline deadline(wheel, [](void* counter) { ++*static_cast<int*>(counter); }, &expired);
  deadline.set(milliseconds(30));
  io.run_for(std::chrono::seconds(5));  // returns as soon as nothing is pending
  EXPECT_EQ(expired, 1);
  EXPECT_TRUE(io.stopped());
}

}  // namespace
}  // namespace gateway

#include "tests/bench/load_generator/open_schedule.h"

#include <gtest/gtest.h>

namespace bench {
namespace {

TEST(OpenSchedule, RequestsAreMeantForEvenMoments) {
  OpenSchedule schedule(kSecond, 1000, 3);
  EXPECT_EQ(schedule.take(kSecond), kSecond);
  EXPECT_EQ(schedule.take(kSecond), std::nullopt);
  EXPECT_EQ(schedule.next(), kSecond + kMillisecond);
  EXPECT_EQ(schedule.take(kSecond + kMillisecond), kSecond + kMillisecond);
}

// What makes it open: a pause of whoever takes them delays no moment that was meant.
TEST(OpenSchedule, WhatIsTakenLateWasMeantForItsOwnMoment) {
  OpenSchedule schedule(0, 1000, 100);
  EXPECT_EQ(schedule.take(0), 0);
  const auto late = 50 * kMillisecond;
  for (Nanoseconds number = 1; number <= 50; ++number)
    EXPECT_EQ(schedule.take(late), number * kMillisecond);
  EXPECT_EQ(schedule.take(late), std::nullopt);
}

TEST(OpenSchedule, EndsAfterItsCount) {
  OpenSchedule schedule(0, 10, 2);
  EXPECT_TRUE(schedule.take(kSecond));
  EXPECT_EQ(schedule.left(), 1U);
  EXPECT_TRUE(schedule.take(kSecond));
  EXPECT_EQ(schedule.take(100 * kSecond), std::nullopt);
  EXPECT_EQ(schedule.next(), kNever);
}

TEST(OpenSchedule, AnOddRateDoesNotDrift) {
  OpenSchedule schedule(0, 3, 3001);
  for (int i = 0; i < 3000; ++i) ASSERT_TRUE(schedule.take(kNever));
  EXPECT_EQ(schedule.next(), 1000 * kSecond);
}

}  // namespace
}  // namespace bench

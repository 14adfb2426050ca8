#include "gateway/ledger/time_cover.h"

#include <random>

#include <gtest/gtest.h>

namespace gateway {
namespace {

TEST(TimeCover, CoversEveryMomentOnceWithinBorders) {
  std::mt19937_64 random(7);
  for (int round = 0; round < 20'000; ++round) {
    const auto begin = static_cast<std::int64_t>(random() % 400'000'000'000) - 100'000'000'000;
    const auto length = static_cast<std::int64_t>(random() % 400'000'000'000);
    const TimeCover pieces = cover(begin, begin + length);
    std::int64_t covered = 0;
    for (const Slots& slots : pieces.slots) {
      ASSERT_LT(slots.begin, slots.end);
      ASSERT_EQ(slots.begin % slots.span, 0);
      ASSERT_EQ(slots.end % slots.span, 0);
      ASSERT_GE(slots.begin * kMicrosPerSecond, begin);
      ASSERT_LE(slots.end * kMicrosPerSecond, begin + length);
      covered += (slots.end - slots.begin) * kMicrosPerSecond;
    }
    for (const Micros& rest : pieces.rest) {
      ASSERT_LT(rest.begin, rest.end);
      ASSERT_GE(rest.begin, begin);
      ASSERT_LE(rest.end, begin + length);
      covered += rest.end - rest.begin;
    }
    ASSERT_EQ(covered, length);
  }
}

TEST(TimeCover, LongStretchesAreDays) {
  const TimeCover pieces = cover(0, 30 * kDay * kMicrosPerSecond);
  ASSERT_EQ(pieces.slots.size(), 1U);
  EXPECT_EQ(pieces.slots[0].span, kDay);
  EXPECT_TRUE(pieces.rest.empty());
}

TEST(TimeCover, WhereRecordsAreGoneTheEndsMoveToSlots) {
  constexpr std::int64_t kMinute = 60 * kMicrosPerSecond;
  const TimeCover pieces = cover(16 * kMinute, 47 * kMinute, 100 * kMinute);
  ASSERT_EQ(pieces.slots.size(), 1U);
  EXPECT_EQ(pieces.slots[0].begin, kQuarter);
  EXPECT_EQ(pieces.slots[0].end, 3 * kQuarter);
  EXPECT_TRUE(pieces.rest.empty());
}

}  // namespace
}  // namespace gateway

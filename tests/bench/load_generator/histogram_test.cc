#include "tests/bench/load_generator/histogram.h"

#include <gtest/gtest.h>

namespace bench {
namespace {

TEST(BenchHistogram, WithoutValuesSaysZero) {
  EXPECT_EQ(Histogram().percentile(0.5), 0);
}

TEST(BenchHistogram, SmallValuesAreExact) {
  Histogram histogram;
  for (Nanoseconds value = 1; value <= 100; ++value) histogram.add(value);
  EXPECT_EQ(histogram.count(), 100U);
  EXPECT_EQ(histogram.percentile(0.5), 50);
  EXPECT_EQ(histogram.percentile(0.99), 99);
  EXPECT_EQ(histogram.percentile(1), 100);
}

TEST(BenchHistogram, AStepIsLessThanOnePercentWide) {
  for (Nanoseconds value = 1; value < 1000 * kSecond; value = value * 7 / 5 + 1) {
    Histogram histogram;
    histogram.add(value);
    EXPECT_GE(histogram.percentile(0.5), value);
    EXPECT_LE(histogram.percentile(0.5), value + value / 100) << value;
  }
}

TEST(BenchHistogram, AFewSlowOnesShowWhereTheyLie) {
  Histogram histogram;
  for (int i = 0; i < 990; ++i) histogram.add(100'000);
  for (int i = 0; i < 10; ++i) histogram.add(50'000'000);
  EXPECT_NEAR(static_cast<double>(histogram.percentile(0.99)), 100'000, 1000);
  EXPECT_NEAR(static_cast<double>(histogram.percentile(0.999)), 50'000'000, 500'000);
}

TEST(BenchHistogram, TakesTheLargestValueThereIs) {
  Histogram histogram;
  histogram.add(INT64_MAX);
  histogram.add(-5);
  EXPECT_EQ(histogram.percentile(0.5), 0);
  EXPECT_EQ(histogram.percentile(1), INT64_MAX);
}

}  // namespace
}  // namespace bench

#include "config/base/money.h"

#include <limits>

#include <gtest/gtest.h>

namespace config {
namespace {

TEST(Money, UsdPerMillionIsPicoUsdPerToken) {
  EXPECT_EQ(usd_per_million("0.10")->value, 100'000);
  EXPECT_EQ(usd_per_million("0.0375")->value, 37'500);
  EXPECT_EQ(usd_per_million("15")->value, 15'000'000);
  EXPECT_EQ(usd_per_million("1e-6")->value, 1);
  EXPECT_EQ(usd_per_million("0")->value, 0);
}

TEST(Money, APriceFinerThanPicoUsdPerTokenIsRefused) {
  EXPECT_FALSE(usd_per_million("0.0000001"));
  EXPECT_TRUE(usd_per_million("0.0000010"));
}

TEST(Money, WhatIsNoPlainDecimalIsRefused) {
  for (const char* text : {"", "-1", "+1", ".", "1.2.3", "1e", "e5", "0x10", "1 ", " 1", "NaN",
                           "inf", "1,5", "1e999", "1e99999999999"}) {
    EXPECT_FALSE(usd_per_million(text)) << text;
  }
}

TEST(Money, ReportedAmountsAreRoundedHalfEven) {
  EXPECT_EQ(reported_usd("0.0000049")->value, 4'900'000);
  EXPECT_EQ(reported_usd("4.9e-06")->value, 4'900'000);
  EXPECT_EQ(reported_usd("0.0000000000005")->value, 0);
  EXPECT_EQ(reported_usd("0.0000000000015")->value, 2);
  EXPECT_EQ(reported_usd("0.0000000000025")->value, 2);
  EXPECT_EQ(reported_usd("0.00000000000250001")->value, 3);
  EXPECT_EQ(reported_usd("0.0000000000009")->value, 1);
  EXPECT_EQ(reported_usd("1e-300")->value, 0);
}

TEST(Money, WhatDoesNotFitIsNoNumber) {
  EXPECT_FALSE(reported_usd("9223373"));
  EXPECT_TRUE(reported_usd("9223372"));
  EXPECT_FALSE(checked_cost(std::numeric_limits<std::int64_t>::max(), {2}));
  EXPECT_FALSE(checked_add({std::numeric_limits<std::int64_t>::max()}, {1}));
}

TEST(Money, IsWrittenAsPlainDecimals) {
  EXPECT_EQ(to_usd({0}), "0");
  EXPECT_EQ(to_usd({4'900'000}), "0.0000049");
  EXPECT_EQ(to_usd({1'000'000'000'000}), "1");
  EXPECT_EQ(to_usd({-1'500'000'000'000}), "-1.5");
  EXPECT_EQ(to_usd({1}), "0.000000000001");
}

TEST(Money, TenMillionTokensOfOneAtTenCentsPerMillionAreOneDollar) {
  PicoUsd sum;
  for (int row = 0; row < 10'000'000; ++row) sum = *checked_add(sum, *checked_cost(1, {100'000}));
  EXPECT_EQ(to_usd(sum), "1");
}

}  // namespace
}  // namespace config

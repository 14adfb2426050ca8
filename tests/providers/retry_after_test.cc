#include "providers/retry_after.h"

#include <gtest/gtest.h>

namespace providers {
namespace {

using std::chrono::milliseconds;

constexpr std::int64_t kNow = 1'790'000'000;  // Mon, 21 Sep 2026 14:13:20 GMT

std::optional<milliseconds> of(std::string_view name, std::string_view value) {
  const std::pair<std::string_view, std::string_view> fields[] = {{name, value}};
  return retry_after(AnswerHead{429, fields}, kNow);
}

TEST(RetryAfter, IsReadInEverySpelling) {
  EXPECT_EQ(of("Retry-After", "2"), milliseconds(2'000));
  EXPECT_EQ(of("retry-after", "0.5"), milliseconds(500));
  EXPECT_EQ(of("retry-after-ms", "250"), milliseconds(250));
  EXPECT_EQ(of("Retry-After", "Mon, 21 Sep 2026 14:13:25 GMT"), milliseconds(5'000));
  EXPECT_EQ(of("x-ratelimit-reset", "7"), milliseconds(7'000));
  EXPECT_EQ(of("x-ratelimit-reset", "1790000004"), milliseconds(4'000));
  EXPECT_EQ(of("x-ratelimit-reset", "1790000004500"), milliseconds(4'500));
  EXPECT_EQ(of("x-ratelimit-reset-requests", "12s"), milliseconds(12'000));
  EXPECT_EQ(of("x-ratelimit-reset-tokens", "0m1.5s"), milliseconds(1'500));
  EXPECT_EQ(of("x-ratelimit-requests-reset", "90ms"), milliseconds(90));
}

TEST(RetryAfter, IsNeverMoreThanClientsWaitFor) {
  EXPECT_EQ(of("Retry-After", "3600"), kLongestRetryAfter);
  EXPECT_EQ(of("x-ratelimit-reset-requests", "1h"), kLongestRetryAfter);
  EXPECT_EQ(of("Retry-After", "Mon, 21 Sep 2027 14:13:25 GMT"), kLongestRetryAfter);
}

TEST(RetryAfter, WhatIsNotAheadOrNoTimeSaysNothing) {
  for (const char* value : {"", "0", "-5", "soon", "1x", "nan", "inf", "Mon, 21 Sep 2026",
                            "Mon, 99 Sep 2026 14:13:25 GMT", "Mon, 21 Sep 2020 14:13:25 GMT"}) {
    EXPECT_EQ(of("Retry-After", value), std::nullopt) << value;
    EXPECT_EQ(of("x-ratelimit-reset", value), std::nullopt) << value;
  }
}

TEST(RetryAfter, TheMoreExactFieldCounts) {
  const std::pair<std::string_view, std::string_view> fields[] = {{"Retry-After", "1"},
                                                                  {"retry-after-ms", "100"}};
  EXPECT_EQ(retry_after(AnswerHead{503, fields}, kNow), milliseconds(100));
}

}  // namespace
}  // namespace providers

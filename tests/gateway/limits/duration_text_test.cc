#include "gateway/limits/duration_text.h"

#include <gtest/gtest.h>

namespace gateway::limits {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::nanoseconds;
using std::chrono::seconds;

TEST(DurationText, IsWrittenAsOpenAiDoes) {
  EXPECT_EQ(duration_text(nanoseconds(0)), "0s");
  EXPECT_EQ(duration_text(nanoseconds(1)), "1ms");
  EXPECT_EQ(duration_text(milliseconds(12)), "12ms");
  EXPECT_EQ(duration_text(milliseconds(1000)), "1s");
  EXPECT_EQ(duration_text(milliseconds(8640)), "8.64s");
  EXPECT_EQ(duration_text(minutes(6)), "6m0s");
  EXPECT_EQ(duration_text(minutes(1) + milliseconds(5)), "1m0.005s");
  EXPECT_EQ(duration_text(hours(1) + seconds(30)), "1h0m30s");
  EXPECT_EQ(duration_text(hours(50)), "50h0m0s");
  EXPECT_EQ(duration_text(-seconds(1)), "0s");
}

}  // namespace
}  // namespace gateway::limits

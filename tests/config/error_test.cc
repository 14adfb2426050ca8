#include "config/base/error.h"

#include <set>
#include <string_view>

#include <gtest/gtest.h>

namespace config {
namespace {

TEST(ErrorTable, EveryStatusIsAnErrorAndEveryTypeAWord) {
  for (const auto& row : kErrorShapes) {
    EXPECT_GE(row.http_status, 400) << row.openai_code;
    EXPECT_LT(row.http_status, 600) << row.openai_code;
    EXPECT_FALSE(row.type.empty()) << row.http_status;
  }
}

TEST(ErrorTable, BlameAgreesWithTheStatus) {
  for (const auto& row : kErrorShapes) {
    if (row.fault == Fault::client) EXPECT_LT(row.http_status, 500) << row.openai_code;
    if (row.http_status >= 500) EXPECT_NE(row.fault, Fault::client) << row.openai_code;
  }
}

TEST(ErrorTable, WhatIsTheCallersToMendIsTriedNowhereElse) {
  for (const auto& row : kErrorShapes) {
    if (row.fault != Fault::client) continue;
    // Another target may know the parameter, be cheaper, or have a price.
    const bool depends_on_target = row.code == ErrorCode::unsupported_parameter ||
                                   row.code == ErrorCode::budget_exceeded ||
                                   row.code == ErrorCode::price_unknown;
    EXPECT_EQ(row.another_target_may_try, depends_on_target) << row.openai_code;
  }
}

TEST(ErrorTable, QuotaIsNeverWorthARetry) {
  for (const auto& row : kErrorShapes) {
    if (row.openai_code == "insufficient_quota") EXPECT_TRUE(row.retry_is_pointless);
  }
}

TEST(ErrorTable, TheRowsOfTheDecisionsStand) {
  EXPECT_EQ(shape(ErrorCode::context_length).openai_code, "context_length_exceeded");
  EXPECT_EQ(shape(ErrorCode::context_length).http_status, 400);
  EXPECT_EQ(shape(ErrorCode::key_expired).http_status, 401);
  EXPECT_EQ(shape(ErrorCode::server_shutdown).http_status, 503);
  EXPECT_EQ(shape(ErrorCode::upstream_no_credit).http_status, 429);
}

TEST(Error, AnUpstreamsOwnStatusComesBeforeTheTables) {
  auto error = failure(ErrorCode::upstream_rejected, "no");
  EXPECT_EQ(error.http_status(), 400);
  error.upstream_status = 422;
  EXPECT_EQ(error.http_status(), 422);
}

TEST(Error, AFailedResultCarriesItUnchanged) {
  const Result<int> result = unsupported_parameter("not here", "tools");
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().param, "tools");
  EXPECT_THROW((void)result.value(), std::logic_error);
}

}  // namespace
}  // namespace config

#include "providers/error_json.h"

#include <gtest/gtest.h>

namespace providers {
namespace {

using config::ErrorCode;

TEST(ErrorJson, AbsentPartsAreNullAndTextIsEscaped) {
  EXPECT_EQ(error_json(config::failure(ErrorCode::invalid_request, "a\"\n<b>", "detail")),
            R"({"error":{"message":"a\"\n<b>","type":"invalid_request_error","param":null,)"
            R"("code":null}})");
}

TEST(ErrorJson, AnUpstreamsOwnCodeIsKept) {
  auto error = config::failure(ErrorCode::upstream_rejected, "m");
  error.upstream_code = "string_above_max_length";
  EXPECT_NE(error_json(error).find(R"("code":"string_above_max_length")"), std::string::npos);
}

TEST(ErrorJson, TheLastEventOfAStreamHoldsTheSameObject) {
  const auto error = config::failure(ErrorCode::upstream_garbled, "m");
  Body event;
  append_error_event(error, event);
  EXPECT_EQ(event.str(), "data: " + error_json(error) + "\n\n");
}

}  // namespace
}  // namespace providers

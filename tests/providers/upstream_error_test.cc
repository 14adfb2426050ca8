// The rows of the error table are golden exchanges (tests/fixtures/*/error*.exchange);
// here stands what holds for all of them.

#include "providers/upstream_error.h"

#include <gtest/gtest.h>

#include "providers/error_json.h"

namespace providers {
namespace {

class UpstreamError : public testing::Test {
 protected:
  config::Error of(int status, std::string_view body) {
    return upstream_error(Call{chat_, target_, json_}, AnswerHead{status, {}}, body);
  }

  JsonWorkspace json_;
  ChatRequest chat_;
  config::Target target_;
};

TEST_F(UpstreamError, NoStatusAndNoBodyIsTakenForASuccess) {
  for (int status = 300; status < 600; ++status) {
    for (const char* body :
         {"", "{}", "[]", "null", "\"x\"", "{\"error\":null}", "{\"error\":[]}", "<html>",
          "{\"error\":{\"code\":200}}", "{\"error\":{\"message\":5,\"code\":[],\"metadata\":3}}",
          "{\"detail\":{}}", "{\"detail\":[1]}", "\xff\xfe"}) {
      const auto error = of(status, body);
      EXPECT_GE(error.http_status(), 400) << status << body;
      EXPECT_FALSE(error.message.empty()) << status << body;
      JsonDocument told;
      EXPECT_TRUE(told.read(error_json(error))) << error_json(error);
    }
  }
}

TEST_F(UpstreamError, ARefusedKeyIsNeverTheClients) {
  for (const int status : {401, 403}) {
    const auto error = of(status, R"({"error":{"message":"Invalid API key"}})");
    EXPECT_EQ(error.http_status(), 502);
    EXPECT_EQ(error.message.find("API key"), std::string::npos);
  }
}

TEST_F(UpstreamError, WhatTheUpstreamSaidIsKeptForTheLog) {
  EXPECT_EQ(of(500, R"({"error":{"message":"disk full"}})").detail, "500: disk full");
  EXPECT_EQ(of(502, "<html>nginx</html>").detail, "502: 18 bytes that are no JSON");
}

}  // namespace
}  // namespace providers

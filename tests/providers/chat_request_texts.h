#pragma once
// Requests as texts, and what read_chat_request() makes of them.

#include <string>
#include <string_view>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "providers/chat_request.h"

namespace providers::test {

inline config::Result<ChatRequest> read(std::string_view body,
                                        Operation operation = Operation::chat) {
  static JsonWorkspace json;
  return read_chat_request(json, operation, body);
}

inline const std::string kMessages = R"("messages":[{"role":"user","content":"hi"}])";

// A good request with `members` beside its model and messages.
inline std::string with(std::string_view members) {
  return fmt::format(R"({{"model":"flash",{},{}}})", kMessages, members);
}
inline std::string with_messages(std::string_view messages) {
  return fmt::format(R"({{"model":"flash","messages":{}}})", messages);
}

// "" where the body passes, else the code and the param at fault.
inline std::string verdict(const std::string& body, Operation operation = Operation::chat) {
  const auto chat = read(body, operation);
  if (chat) return "";
  EXPECT_EQ(chat.error().http_status(), 400);
  EXPECT_THAT(chat.error().message,
              testing::AnyOf(testing::HasSubstr("."), testing::HasSubstr(":")))
      << body;
  EXPECT_LT(chat.error().message.size(), 700u);
  if (chat.error().code == config::ErrorCode::malformed_request) return "malformed";
  return "400 " + chat.error().param;
}

}  // namespace providers::test

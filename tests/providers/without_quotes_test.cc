#include "providers/without_quotes.h"

#include <string>

#include <gtest/gtest.h>
#include <simdjson.h>

#include "providers/upstream_error.h"

namespace providers {
namespace {

class WithoutQuotes : public testing::Test {
 protected:
  // `content` as it is spelled in JSON.
  void asked(const std::string& content) {
    const std::string body =
        R"({"model":"rekaai/reka-flash-3","messages":[{"role":"user","content":")" + content +
        R"("}],"user":"somebody in particular"})";
    padded_ = body + std::string(simdjson::SIMDJSON_PADDING, '\0');
    auto read =
        read_chat_request(json_, Operation::chat, std::string_view(padded_).substr(0, body.size()));
    ASSERT_TRUE(read) << read.error().message;
    chat_ = *std::move(read);
  }
  std::string told(const std::string& text) { return without_quotes(text, chat_); }

  JsonWorkspace json_;
  std::string padded_;
  ChatRequest chat_;
  config::Target target_;
};

TEST_F(WithoutQuotes, WhatThePromptSaysGoesAndTheRestStays) {
  asked("my password is hunter22");
  EXPECT_EQ(told("500: cannot answer 'my password is hunter22' now"),
            "500: cannot answer '***' now");
  EXPECT_EQ(told("my password is hunter22"), "***");
  EXPECT_EQ(told("no such model: rekaai/reka-flash-3"), "no such model: rekaai/reka-flash-3");
  EXPECT_EQ(told("user somebody in particular"), "user ***");
  EXPECT_EQ(told("disk full"), "disk full");
  EXPECT_EQ(told(""), "");
}

TEST_F(WithoutQuotes, AQuoteThatIsCutOrPartOfTheTextIsOneToo) {
  asked("first line\\nthe password is hunter22, keep it");
  EXPECT_EQ(told("bad: the passwor"), "bad: ***");
  EXPECT_EQ(told("bad: first line\nthe password"), "bad: ***");
  EXPECT_EQ(told("a passwd"), "a passwd") << "seven bytes are in any two texts";
}

TEST_F(WithoutQuotes, EscapesAreUnderstoodAndCharactersStayWhole) {
  asked(R"(\u5bc6\u7801\u662f\u8001\u864e)");
  EXPECT_EQ(told("bad: 密码是老虎!"), "bad: ***!");
  asked("xx\xC3\xA4yyyyyyy");
  EXPECT_EQ(told("a \xC4\xA4yyyyyyy"), "a ***") << "no half of a character is left";
}

TEST_F(WithoutQuotes, ALongPromptOfOneLetterIsNoMoreWorkThanAnother) {
  // Each of its windows stands hundreds of times in the text: hours, were each looked up anew.
  asked(std::string(8UL << 20U, 'a'));
  EXPECT_EQ(told("bad: " + std::string(290, 'a') + "!"), "bad: ***!");
}

TEST_F(WithoutQuotes, X14_NoErrorsDetailHoldsThePrompt) {
  asked("my password is hunter22");
  for (const int status : {401, 402, 429, 500, 503}) {
    const auto error = upstream_error(
        Call{chat_, target_, json_}, AnswerHead{status, {}},
        R"({"error":{"message":"you said my password is hunter22","type":"my password is hunter22","code":"my password is hunter22"}})");
    EXPECT_EQ(error.detail.find("hunter"), std::string::npos) << error.detail;
    EXPECT_NE(error.detail.find("you said"), std::string::npos) << error.detail;
  }
}

}  // namespace
}  // namespace providers

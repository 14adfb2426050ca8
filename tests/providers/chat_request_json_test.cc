// Bodies that are no JSON, or JSON of an odd kind.

#include <string>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "providers/chat_request.h"
#include "tests/providers/chat_request_texts.h"

namespace providers {
namespace {

using test::read;
using test::verdict;
using test::with;
using test::with_messages;
using ::testing::HasSubstr;

TEST(ChatRequest, J01_WhatIsNoObjectIsRefused) {
  for (const char* body : {"", " ", "\n\t ", "null", "[]", "1", "\"x\"", "true"}) {
    EXPECT_EQ(verdict(body), "malformed") << body;
  }
  EXPECT_EQ(verdict("{}"), "400 model");
}

TEST(ChatRequest, J02_CutTrailingAndDoubledTextsAreRefused) {
  const std::string good = with(R"("user":"u")");
  ASSERT_EQ(verdict(good), "");
  for (std::size_t size = 0; size < good.size(); ++size) {
    EXPECT_EQ(verdict(good.substr(0, size)), "malformed") << size;
  }
  EXPECT_EQ(verdict(good + "x"), "malformed");
  EXPECT_EQ(verdict(good + good), "malformed");
  EXPECT_EQ(verdict(good + '\0'), "malformed");
  EXPECT_EQ(verdict(good + " \r\n\t"), "");
  EXPECT_EQ(verdict(with(R"("user":"u",)")), "malformed");
}

TEST(ChatRequest, J03_AnInvalidValueInAnUnknownMemberIsRefused) {
  for (const char* value : {"01",
                            "+1",
                            "1.",
                            ".5",
                            "1e",
                            "1e+",
                            "0x10",
                            "1_000",
                            "1 2",
                            "-",
                            "--1",
                            "NaN",
                            "Infinity",
                            "-Infinity",
                            "nul",
                            "nulll",
                            "True",
                            "FALSE",
                            "None",
                            "undefined",
                            "tru e",
                            "'a'",
                            "\"a",
                            "a\"",
                            "\"\\x\"",
                            "\"\\u12\"",
                            "\"\\u12G4\"",
                            "\"\\\"",
                            "\"\\ud800\"",
                            "\"a\tb\"",
                            "\"a\nb\"",
                            "\"\x01\"",
                            "\"\xff\"",
                            "\"\xc0\xaf\"",
                            "\"\xed\xa0\x80\"",
                            "[1,]",
                            "[,1]",
                            "[1,,2]",
                            "[1 2]",
                            "[1",
                            "1]",
                            "[1}",
                            "{1:2}",
                            "{\"a\"}",
                            "{\"a\":}",
                            "{\"a\":1,}",
                            "{,}",
                            "{\"a\" 1}",
                            "{\"a\":1 \"b\":2}",
                            "{'a':1}",
                            "{a:1}",
                            "/**/1",
                            "1//",
                            "#",
                            ""}) {
    EXPECT_EQ(verdict(with(fmt::format(R"("x":{})", value))), "malformed") << value;
  }
}

TEST(ChatRequest, J07_InvalidTextInContentIsRefused) {
  for (const std::string_view inside :
       {"\xFF", "\xC0\xAF", "\xED\xA0\x80", "\xF0\x9F\x99", "a\nb", "\\x41", "\x7F\x1F"}) {
    EXPECT_EQ(verdict(with_messages(fmt::format(R"([{{"role":"user","content":"{}"}}])", inside))),
              "malformed");
  }
  EXPECT_EQ(
      verdict(with_messages("[{\"role\":\"user\",\"content\":\"a" + std::string(1, '\0') + "\"}]")),
      "malformed");
}

TEST(ChatRequest, J08_ALoneSurrogateEscapeIsRefusedAnEscapedNulPasses) {
  EXPECT_EQ(verdict(with_messages(R"([{"role":"user","content":"\ud83d"}])")), "malformed");
  EXPECT_EQ(verdict(with_messages(R"([{"role":"user","content":"\ud83d\ude00 \u0000"}])")), "");
}

TEST(ChatRequest, J09_OtherEncodingsAreRefusedAndNamed) {
  const std::string good = with(R"("user":"u")");
  const auto widened = [&](std::size_t width, bool big_endian) {
    std::string out;
    for (const char c : good) {
      std::string unit(width, '\0');
      unit[big_endian ? width - 1 : 0] = c;
      out += unit;
    }
    return out;
  };
  for (const std::size_t width : {2u, 4u}) {
    for (const bool big_endian : {false, true}) {
      EXPECT_THAT(read(widened(width, big_endian)).error().message, HasSubstr("UTF-16 or UTF-32"));
    }
  }
  EXPECT_THAT(read("\xFF\xFE" + widened(2, false)).error().message, HasSubstr("UTF-16"));
  EXPECT_THAT(read("\xEF\xBB\xBF" + good).error().message, HasSubstr("byte order mark"));
}

TEST(ChatRequest, J10_DeepNestingIsRefusedAtOnce) {
  for (const std::size_t depth : {std::size_t{5'000}, std::size_t{100'000}}) {
    const std::string arrays(depth, '[');
    EXPECT_EQ(verdict(with("\"x\":" + arrays + std::string(depth, ']'))), "malformed");
    EXPECT_EQ(verdict(with("\"x\":" + arrays)), "malformed");
    EXPECT_EQ(verdict(arrays), "malformed");
    std::string objects;
    for (std::size_t i = 0; i < depth; ++i) objects += "{\"a\":";
    EXPECT_EQ(verdict(with("\"x\":" + objects)), "malformed");
    EXPECT_EQ(verdict(with("\"x\":" + objects + "1" + std::string(depth, '}'))), "malformed");
  }
  EXPECT_EQ(verdict(std::string(1'000'000, '[')), "malformed");
}

TEST(ChatRequest, J11_NumbersInUnknownMembersPassAsSpelled) {
  for (const char* number : {"1e400", "123456789012345678901234567890", "1e99999999999", "-0"}) {
    const std::string body = with(fmt::format(R"("x":{})", number));
    const auto chat = read(body);
    ASSERT_TRUE(chat) << number;
    EXPECT_EQ(chat->raw(*chat->find("x")), number);
  }
}

TEST(ChatRequest, J18_OpaqueValuesMayHoldWhatTheyLike) {
  for (const char* members :
       {R"("metadata":{"a":"1","a":"2"})",
        R"("tools":[{"type":"function","function":{"name":"f","parameters":{"a":1,"a":2}}}])",
        R"("response_format":{"type":"json_schema","json_schema":{"schema":{"a":1,"a":2}}})",
        R"("later":{"a":1,"a":[{"b":1,"b":2}]})"}) {
    EXPECT_EQ(verdict(with(members)), "") << members;
  }
}

TEST(ChatRequest, J36_ManyKeysManyMessagesAndManyEscapesAreAnswered) {
  std::string keys = R"("k":0)";
  for (int i = 0; i < 300'000; ++i) keys += fmt::format(R"(,"k{}":0)", i);
  EXPECT_EQ(verdict(with(keys)), "400 ");

  std::string nested = "\"x\":{" + keys + "}";
  EXPECT_EQ(verdict(with(nested)), "");

  std::string messages = "[";
  for (int i = 0; i < 100'000; ++i) messages += R"({"role":"user","content":"x"},)";
  messages.back() = ']';
  EXPECT_EQ(verdict(with_messages(messages)), "");

  std::string escapes;
  while (escapes.size() < 1 << 20) escapes += "\\u0041";
  EXPECT_EQ(verdict(with_messages("[{\"role\":\"user\",\"content\":\"" + escapes + "\"}]")), "");
}

}  // namespace
}  // namespace providers

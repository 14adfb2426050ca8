#include "gateway/log_text.h"

#include <initializer_list>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <simdjson.h>

namespace {

using config::LogFormat;
using gateway::log::Field;
using gateway::log::Level;
using testing::HasSubstr;
using testing::Not;

constexpr std::chrono::system_clock::time_point kNoon{
    std::chrono::microseconds{1'785'931'200'000'042}};

std::string line(LogFormat format, std::initializer_list<Field> fields) {
  fmt::memory_buffer out;
  gateway::log::append_line(out, format, kNoon, Level::warn, "it happened",
                            {fields.begin(), fields.size()});
  return {out.data(), out.size()};
}

TEST(LogText, AJsonLineIsOneObjectWithItsFields) {
  EXPECT_EQ(
      line(LogFormat::json, {{"model", "a\"b"}, {"status", 200U}, {"ms", 1.5}, {"stream", true}}),
      "{\"ts\":\"2026-08-05T12:00:00.000042Z\",\"level\":\"warn\",\"msg\":\"it happened\","
      "\"model\":\"a\\\"b\",\"status\":200,\"ms\":1.5,\"stream\":true}\n");
}

TEST(LogText, ATextLineQuotesOnlyWhatNeedsIt) {
  EXPECT_EQ(
      line(LogFormat::text, {{"model", "reka-edge"}, {"why", "not here"}, {"n", -3}}),
      "2026-08-05T12:00:00.000042Z warn  it happened model=reka-edge why=\"not here\" n=-3\n");
}

TEST(LogText, WhatIsNotKnownIsLeftOut) {
  EXPECT_THAT(line(LogFormat::json, {{"prompt", std::optional<std::int64_t>()}}),
              Not(HasSubstr("prompt")));
}

TEST(LogText, X06_NothingInAFieldEndsTheLineOrReachesATerminal) {
  const std::string evil =
      "a\r\nfake line\x1b[2J\x07\x7f\xc2\x9b"
      "31m\xe2\x80\xae\xe2\x80\xa8\xff\xc3(\xed\xa0\x80";
  for (const LogFormat format : {LogFormat::json, LogFormat::text}) {
    const std::string written = line(format, {{"model", evil}});
    EXPECT_EQ(written.find('\n'), written.size() - 1);
    for (const char c : {'\r', '\x1b', '\x07', '\x7f', '\xc2', '\xff', '\xed'}) {
      EXPECT_EQ(written.find(c), std::string::npos) << static_cast<int>(c);
    }
    EXPECT_THAT(written, HasSubstr("a\\r\\nfake line\\u001b[2J\\u0007\\u007f\\u009b31m"));
    EXPECT_THAT(written, HasSubstr("\\u202e\\u2028\\ufffd"));
  }
}

TEST(LogText, EveryBytePairGivesValidJsonOnOneLine) {
  simdjson::dom::parser parser;
  for (unsigned pair = 0; pair < 0x10000; ++pair) {
    const std::string bytes{static_cast<char>(pair >> 8U), static_cast<char>(pair & 0xFFU)};
    const std::string written = line(LogFormat::json, {{"v", bytes}});
    ASSERT_EQ(written.find('\n'), written.size() - 1) << pair;
    simdjson::dom::element parsed;
    ASSERT_EQ(parser.parse(written).get(parsed), simdjson::SUCCESS) << pair;
  }
}

TEST(LogText, ALongValueIsCutBetweenCharacters) {
  std::string text;
  while (text.size() < 3 * gateway::log::kLongestValue) text += "€";
  const std::string written = line(LogFormat::json, {{"detail", text}});
  EXPECT_LT(written.size(), gateway::log::kLongestValue + 200);
  EXPECT_THAT(written, HasSubstr("€…\""));
}

TEST(LogText, X05_ASecretIsStars) {
  EXPECT_THAT(line(LogFormat::json, {{"key", config::Secret("sk-canary")}}),
              HasSubstr("\"key\":\"***\""));
}

TEST(LogText, X05_WhatLooksLikeACredentialIsStars) {
  EXPECT_EQ(gateway::log::without_credentials(
                "Incorrect API key provided: sk-ab***42. Authorization: Bearer "
                "b1946ac92492d2347c6235b4d2611184, see the documentation-of-your-provider"),
            "Incorrect API key provided: *** Authorization: Bearer ***, see the "
            "documentation-of-your-provider");
}

}  // namespace

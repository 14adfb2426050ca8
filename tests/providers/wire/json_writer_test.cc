#include "providers/wire/json_writer.h"

#include <cstdint>
#include <limits>
#include <string>

#include <gtest/gtest.h>

#include "providers/wire/json_document.h"

namespace providers {
namespace {

TEST(JsonWriter, CommasStandBetweenAndNowhereElse) {
  std::string out;
  JsonWriter json(out);
  json.begin_object()
      .member("model", "flash")
      .member("stream", true)
      .member("n", 2)
      .key("stop")
      .begin_array()
      .value("a")
      .value("b")
      .end_array()
      .key("empty")
      .begin_object()
      .end_object()
      .raw_members(R"("x":1,"y":2)")
      .raw_members("")
      .raw_member("schema", R"({"type":"object"})")
      .key("none")
      .null()
      .end_object();
  EXPECT_EQ(out, R"({"model":"flash","stream":true,"n":2,"stop":["a","b"],"empty":{},"x":1,"y":2,)"
                 R"("schema":{"type":"object"},"none":null})");
}

TEST(JsonWriter, NumbersKeepTheirValue) {
  std::string out;
  JsonWriter(out)
      .begin_array()
      .value(std::numeric_limits<std::int64_t>::min())
      .value(std::numeric_limits<std::uint64_t>::max())
      .value(0)
      .end_array();
  EXPECT_EQ(out, "[-9223372036854775808,18446744073709551615,0]");
}

TEST(JsonText, EveryTextSurvivesQuotingAndReading) {
  std::string all;
  for (int c = 0; c < 128; ++c) all.push_back(static_cast<char>(c));
  all += "\xC3\xA9\xE2\x80\xA8\xF0\x9F\x98\x80";
  const std::string text = providers::quoted(all);
  JsonDocument json;
  ASSERT_TRUE(json.read(text));
  EXPECT_EQ(json.root().text(), all);
}

TEST(JsonText, EscapesOfEveryKindAreUnderstood) {
  std::string out;
  append_unescaped(out, R"(a\"\\\/\b\f\n\r\t\u0041\u00e9\u20AC\ud83d\ude00z)");
  EXPECT_EQ(out, "a\"\\/\b\f\n\r\tA\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80z");
}

TEST(JsonText, BadEscapesAreFoundWhereTheyBegin) {
  EXPECT_EQ(bad_escape(R"(plain\n)"), std::string_view::npos);
  EXPECT_EQ(bad_escape(R"(ab\x)"), 2u);
  EXPECT_EQ(bad_escape(R"(\\\u12)"), 2u);
  EXPECT_EQ(bad_escape(R"(\ud83d\u0041)"), 0u);
  EXPECT_EQ(bad_escape(R"(\ude00)"), 0u);
  EXPECT_EQ(bad_escape("a\\"), 1u);
}

TEST(JsonText, APrefixCutsNoCharacter) {
  EXPECT_EQ(utf8_prefix("abc", 5), "abc");
  EXPECT_EQ(utf8_prefix("abc", 2), "ab");
  EXPECT_EQ(utf8_prefix("a\xF0\x9F\x98\x80", 4), "a");
  EXPECT_EQ(utf8_prefix("a\xF0\x9F\x98\x80", 5), "a\xF0\x9F\x98\x80");
}

}  // namespace
}  // namespace providers

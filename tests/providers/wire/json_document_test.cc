#include "providers/wire/json_document.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "providers/wire/json_fields.h"

namespace providers {
namespace {

using ::testing::ElementsAre;

JsonFault fault_of(std::string_view text) {
  // A copy of exactly this size, so that reading past it is seen by sanitizers.
  const std::string exact(text);
  JsonDocument document;
  document.read(exact);
  return document.fault();
}

TEST(JsonDocument, ReadsWhatIsThere) {
  JsonDocument json;
  ASSERT_TRUE(json.read(R"( {"a" : [1, -2.5e3 , true,null],"b":{"c":"d\u00e9\n"},"":"" } )"));
  const JsonValue root = json.root();
  EXPECT_EQ(root["a"][0].integer(), 1);
  EXPECT_EQ(root["a"][1].number(), -2500.0);
  EXPECT_EQ(root["a"][1].integer(), std::nullopt);
  EXPECT_EQ(root["a"][1].raw(), "-2.5e3");
  EXPECT_EQ(root["a"][2].boolean(), true);
  EXPECT_TRUE(root["a"][3].is_null());
  EXPECT_EQ(root["a"].raw(), "[1, -2.5e3 , true,null]");
  EXPECT_EQ(root["b"]["c"].text(), "d\xC3\xA9\n");
  EXPECT_EQ(root["b"]["c"].raw_text(), "d\\u00e9\\n");
  EXPECT_TRUE(root[""].is(JsonType::string));
  EXPECT_EQ(root.count(), 3u);
}

TEST(JsonDocument, WhatIsAbsentGivesNothingInTurn) {
  JsonDocument json;
  ASSERT_TRUE(json.read(R"({"a":[{"b":1}]})"));
  EXPECT_FALSE(json.root()["x"][3]["y"]);
  EXPECT_FALSE(json.root()["a"][1]);
  EXPECT_FALSE(json.root()["a"][0]["b"]["c"]);
  EXPECT_EQ(json.root()["x"].text(), "");
  EXPECT_EQ(json.root()["x"].raw(), "");
  EXPECT_TRUE(json.root()["x"].empty());
  EXPECT_EQ(json.root()["x"].integer(), std::nullopt);
  EXPECT_FALSE(JsonDocument().root());
}

TEST(JsonDocument, MembersAndElementsComeInOrder) {
  JsonDocument json;
  ASSERT_TRUE(json.read(R"({"a":{"x":[1,2]},"b":[[],{},[3]],"c":4})"));
  std::vector<std::string> seen;
  for (const JsonMemberView& member : json.root().members()) {
    seen.push_back(member.key.text() + "=" + std::string(member.value.raw()));
  }
  for (const JsonValue element : json.root()["b"].elements()) seen.emplace_back(element.raw());
  EXPECT_THAT(seen, ElementsAre(R"(a={"x":[1,2]})", "b=[[],{},[3]]", "c=4", "[]", "{}", "[3]"));
}

TEST(JsonDocument, KeysAreComparedUnescaped) {
  JsonDocument json;
  ASSERT_TRUE(json.read(R"({"mod\u0065l":1,"\\":2,"\"":3,"mode\\":4})"));
  EXPECT_EQ(json.root()["model"].integer(), 1);
  EXPECT_EQ(json.root()["\\"].integer(), 2);
  EXPECT_EQ(json.root()["\""].integer(), 3);
  EXPECT_FALSE(json.root()["mod\\u0065l"]);
}

TEST(JsonDocument, NamesWhatIsWrong) {
  EXPECT_EQ(fault_of("[]"), JsonFault::none);
  EXPECT_EQ(fault_of(""), JsonFault::empty);
  EXPECT_EQ(fault_of(" \n"), JsonFault::empty);
  EXPECT_EQ(fault_of("{\"a\":\"\xFF\"}"), JsonFault::not_utf8);
  EXPECT_EQ(fault_of("{\"a\":\"\xC0\xAF\"}"), JsonFault::not_utf8);
  EXPECT_EQ(fault_of("{\"a\":\"\xED\xA0\x80\"}"), JsonFault::not_utf8);
  EXPECT_EQ(fault_of("{\"a\":\"\xF0\x9F\x99\"}"), JsonFault::not_utf8);
  EXPECT_EQ(fault_of("\xEF\xBB\xBF{}"), JsonFault::byte_order_mark);
  EXPECT_EQ(fault_of(std::string_view("{\0}\0", 4)), JsonFault::other_encoding);
  EXPECT_EQ(fault_of(std::string_view("\0{\0}", 4)), JsonFault::other_encoding);
  EXPECT_EQ(fault_of(std::string_view("{\0\0\0}\0\0\0", 8)), JsonFault::other_encoding);
  EXPECT_EQ(fault_of(std::string_view("\0\0\0{\0\0\0}", 8)), JsonFault::other_encoding);
  EXPECT_EQ(fault_of("\xFF\xFE{"), JsonFault::other_encoding);
  EXPECT_EQ(fault_of("[\"a\nb\"]"), JsonFault::control_character);
  EXPECT_EQ(fault_of(std::string_view("[\"a\0b\"]", 7)), JsonFault::control_character);
  EXPECT_EQ(fault_of("[\"a"), JsonFault::open_string);
  EXPECT_EQ(fault_of(R"(["\x41"])"), JsonFault::bad_escape);
  EXPECT_EQ(fault_of(R"(["a\\\u12g4"])"), JsonFault::bad_escape);
  EXPECT_EQ(fault_of(R"(["\ud83d"])"), JsonFault::bad_escape);
  EXPECT_EQ(fault_of(R"(["\ude00\ud83d"])"), JsonFault::bad_escape);
  EXPECT_EQ(fault_of("[01]"), JsonFault::bad_number);
  EXPECT_EQ(fault_of("[1.]"), JsonFault::bad_number);
  EXPECT_EQ(fault_of("[-]"), JsonFault::bad_number);
  EXPECT_EQ(fault_of("[1\"a\"]"), JsonFault::bad_number);
  EXPECT_EQ(fault_of("[tru]"), JsonFault::bad_literal);
  EXPECT_EQ(fault_of("[nulll]"), JsonFault::bad_literal);
  EXPECT_EQ(fault_of("[NaN]"), JsonFault::bad_literal);
  EXPECT_EQ(fault_of("[+1]"), JsonFault::bad_literal);
  EXPECT_EQ(fault_of("[1 2]"), JsonFault::misplaced);
  EXPECT_EQ(fault_of("[1,]"), JsonFault::misplaced);
  EXPECT_EQ(fault_of("{\"a\" 1}"), JsonFault::misplaced);
  EXPECT_EQ(fault_of("{\"a\":1,}"), JsonFault::misplaced);
  EXPECT_EQ(fault_of("[1}"), JsonFault::misplaced);
  EXPECT_EQ(fault_of("{1:2}"), JsonFault::misplaced);
  EXPECT_EQ(fault_of("]"), JsonFault::misplaced);
  EXPECT_EQ(fault_of("[[1]"), JsonFault::unfinished);
  EXPECT_EQ(fault_of("{\"a\":"), JsonFault::unfinished);
  EXPECT_EQ(fault_of("{} {}"), JsonFault::trailing);
  EXPECT_EQ(fault_of("{}x"), JsonFault::trailing);
  EXPECT_EQ(fault_of(std::string_view("{}\0", 3)), JsonFault::trailing);
}

TEST(JsonDocument, J10_NestingIsBounded) {
  const auto nested = [](std::size_t depth, std::string_view open, std::string_view close) {
    std::string text;
    for (std::size_t i = 0; i < depth; ++i) text += open;
    text += "1";
    for (std::size_t i = 0; i < depth; ++i) text += close;
    return text;
  };
  EXPECT_EQ(fault_of(nested(kMaxJsonNesting, "[", "]")), JsonFault::none);
  EXPECT_EQ(fault_of(nested(kMaxJsonNesting + 1, "[", "]")), JsonFault::too_deep);
  EXPECT_EQ(fault_of(nested(kMaxJsonNesting, "{\"a\":", "}")), JsonFault::none);
  EXPECT_EQ(fault_of(nested(5'000, "{\"a\":", "}")), JsonFault::too_deep);
  EXPECT_EQ(fault_of(nested(100'000, "[", "]")), JsonFault::too_deep);
  EXPECT_EQ(fault_of(std::string(1'000'000, '[')), JsonFault::too_deep);
}

TEST(JsonDocument, J11_NumbersKeepTheirSpelling) {
  for (const char* number : {"1e400", "123456789012345678901234567890", "1e99999999999", "-0",
                             "18446744073709551616", "0.1000000000000000055511151231257827"}) {
    const std::string text = "[" + std::string(number) + "]";
    JsonDocument json;
    ASSERT_TRUE(json.read(text)) << number;
    EXPECT_EQ(json.root()[0].raw(), number);
  }
  const std::string digits(100'000, '7');
  EXPECT_EQ(fault_of("[" + digits + "]"), JsonFault::none);
}

TEST(JsonDocument, ScalarsEndWhereTheyEnd) {
  JsonDocument json;
  ASSERT_TRUE(json.read("[ 1 , \"a \" \n, true\t]"));
  EXPECT_EQ(json.root()[0].raw(), "1");
  EXPECT_EQ(json.root()[1].raw(), "\"a \"");
  EXPECT_EQ(json.root()[2].raw(), "true");
  ASSERT_TRUE(json.read(" 12 "));
  EXPECT_EQ(json.root().raw(), "12");
}

TEST(JsonDocument, IsReusedForTextsOfAnySize) {
  JsonDocument json;
  for (int round = 0; round < 3; ++round) {
    std::string large = "[";
    for (int i = 0; i < 500'000; ++i) large += "[1],";
    large += "2]";
    ASSERT_TRUE(json.read(large));
    EXPECT_EQ(json.root().count(), 500'001u);
    ASSERT_TRUE(json.read("{\"a\":1}"));
    EXPECT_EQ(json.root()["a"].integer(), 1);
    ASSERT_FALSE(json.read("{"));
    EXPECT_FALSE(json.root());
  }
}

TEST(JsonFields, MembersStandWhereTheyAre) {
  const std::string text = R"({ "mod\u0065l" : "x" ,"n":[1]})";
  JsonDocument json;
  ASSERT_TRUE(json.read(text));
  std::vector<JsonMember> members;
  list_members(json.root(), members);
  ASSERT_EQ(members.size(), 2u);
  EXPECT_EQ(members[0].key, "model");
  EXPECT_EQ(text.substr(members[0].begin, members[0].end - members[0].begin),
            R"("mod\u0065l" : "x")");
  EXPECT_EQ(text.substr(members[0].value, members[0].end - members[0].value), R"("x")");
  EXPECT_EQ(members[1].key, "n");
  EXPECT_EQ(text.substr(members[1].value, members[1].end - members[1].value), "[1]");
}

TEST(JsonFields, ADuplicateIsFoundHoweverItIsSpelledAndHoweverManyThereAre) {
  JsonDocument json;
  ASSERT_TRUE(json.read(R"({"a":1,"b":2,"a":3})"));
  EXPECT_EQ(duplicate_key(json.root()), "a");
  ASSERT_TRUE(json.read(R"({"model":1,"mod\u0065l":2})"));
  EXPECT_EQ(duplicate_key(json.root()), "model");
  ASSERT_TRUE(json.read(R"({"a":{"a":1},"b":[{"a":1}]})"));
  EXPECT_EQ(duplicate_key(json.root()), std::nullopt);

  std::string many = "{";
  for (int i = 0; i < 300'000; ++i) many += "\"k" + std::to_string(i) + "\":0,";
  const std::string distinct = many + "\"last\":0}";
  ASSERT_TRUE(json.read(distinct));
  EXPECT_EQ(duplicate_key(json.root()), std::nullopt);
  const std::string twice = many + "\"k7\":0}";
  ASSERT_TRUE(json.read(twice));
  EXPECT_EQ(duplicate_key(json.root()), "k7");
}

TEST(JsonDocument, AStringEqualsItsTextHoweverItIsSpelled) {
  JsonDocument json;
  ASSERT_TRUE(json.read(R"(["model","mod\u0065l","\"","a\\","","modelx","mode"])"));
  const JsonValue list = json.root();
  EXPECT_TRUE(list[0].equals("model"));
  EXPECT_TRUE(list[1].equals("model"));
  EXPECT_TRUE(list[2].equals("\""));
  EXPECT_TRUE(list[3].equals("a\\"));
  EXPECT_TRUE(list[4].equals(""));
  for (const int other : {2, 3, 4, 5, 6}) EXPECT_FALSE(list[other].equals("model")) << other;
  EXPECT_FALSE(list[1].equals("mod\\u0065l"));
  EXPECT_FALSE(list[0].equals(""));
  EXPECT_FALSE(list.equals("model"));
}

}  // namespace
}  // namespace providers

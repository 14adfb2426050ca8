#include "providers/wire/json_names.h"

#include <gtest/gtest.h>

namespace providers {
namespace {

constexpr JsonNames kNames("a", "ab", "abc", "role", "content", "reasoning", "reasoning_content",
                           "reasoning_details", "a_name_longer_than_two_words");

TEST(JsonNames, EachIsFoundAndNothingElse) {
  EXPECT_EQ(kNames.find(std::string_view("a")), 0u);
  EXPECT_EQ(kNames.find(std::string_view("ab")), 1u);
  EXPECT_EQ(kNames.find(std::string_view("abc")), 2u);
  EXPECT_EQ(kNames.find(std::string_view("role")), 3u);
  EXPECT_EQ(kNames.find(std::string_view("content")), 4u);
  EXPECT_EQ(kNames.find(std::string_view("reasoning")), 5u);
  EXPECT_EQ(kNames.find(std::string_view("reasoning_content")), 6u);
  EXPECT_EQ(kNames.find(std::string_view("reasoning_details")), 7u);
  EXPECT_EQ(kNames.find(std::string_view("a_name_longer_than_two_words")), 8u);
  for (const std::string_view other :
       {"", "b", "Role", "roles", "rolf", "contest", "reasoning_confent", "reasoning_detail",
        "a_name_longer_than_two_worlds", "a_name_shorter_than_two_words"}) {
    EXPECT_EQ(kNames.find(other), kNames.kNone) << other;
  }
}

TEST(JsonNames, AnyOneLetterMakesAnotherName) {
  for (const std::string_view name : {"a", "abc", "role", "content", "reasoning_details"}) {
    for (std::size_t i = 0; i < name.size(); ++i) {
      std::string other(name);
      other[i] = '*';
      EXPECT_EQ(kNames.find(std::string_view(other)), kNames.kNone) << other;
    }
  }
}

TEST(JsonNames, TheFirstMemberOfEachNameCounts) {
  JsonDocument document;
  ASSERT_TRUE(document.read(R"({"role":1, "x":{"content":2}, "role":3 ,"abc" : "4"})"));
  const auto found = kNames.in(document.root());
  EXPECT_EQ(found[3].raw(), "1");
  EXPECT_FALSE(found[4]);
  EXPECT_EQ(found[2].raw_text(), "4");
}

TEST(JsonNames, EscapesAreUnderstood) {
  JsonDocument document;
  ASSERT_TRUE(document.read(R"({"r\u006fle":1,"c\u006Fntent":2,"ab\\":3,"role\"":"\u0061b"})"));
  const auto found = kNames.in(document.root());
  EXPECT_EQ(found[3].raw(), "1");
  EXPECT_EQ(found[4].raw(), "2");
  EXPECT_FALSE(found[1]);
  EXPECT_EQ(kNames.find_text(document.root()["role\""]), 1u);
}

TEST(JsonNames, WhatIsNoObjectHasNone) {
  JsonDocument document;
  ASSERT_TRUE(document.read(R"(["role"])"));
  for (const JsonValue value : {document.root(), JsonValue()}) {
    for (const JsonValue found : kNames.in(value)) EXPECT_FALSE(found);
  }
}

}  // namespace
}  // namespace providers

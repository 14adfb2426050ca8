#include "config/environment.h"

#include <cstdlib>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace config {
namespace {

std::optional<std::string> variable(std::string_view name) {
  if (name == "SET") return "value";
  if (name == "EMPTY") return "";
  return std::nullopt;
}

std::string expanded(std::string_view text) {
  const auto result = expand(text, &variable);
  if (const auto* failed = std::get_if<NotExpanded>(&result)) return "!" + failed->why;
  return std::get<Expanded>(result).text;
}

TEST(Environment, VariablesAreReplacedWhereverTheyStand) {
  EXPECT_EQ(expanded("${SET}"), "value");
  EXPECT_EQ(expanded("a${SET}b${SET}c"), "avaluebvaluec");
  EXPECT_EQ(expanded("nothing $here {at} all$"), "nothing $here {at} all$");
}

TEST(Environment, TheDefaultStandsInForUnsetAndEmpty) {
  EXPECT_EQ(expanded("${NOPE:-else}"), "else");
  EXPECT_EQ(expanded("${EMPTY:-else}"), "else");
  EXPECT_EQ(expanded("${SET:-else}"), "value");
  EXPECT_EQ(expanded("${NOPE:-}"), "");
  EXPECT_EQ(expanded("${EMPTY}"), "");
  EXPECT_EQ(expanded("${NOPE:-https://a.example/v1}"), "https://a.example/v1");
}

TEST(Environment, TwoDollarsAreALiteral) {
  EXPECT_EQ(expanded("$${SET} ${SET}"), "${SET} value");
}

TEST(Environment, WhatCannotBeExpandedIsNamed) {
  EXPECT_THAT(expanded("${NOPE}"),
              testing::StartsWith("!the environment variable NOPE is not set"));
  for (const auto* text :
       {"${", "${}", "${SET", "${1A}", "${A B}", "${SET-x}", "${NOPE:-${SET}}"}) {
    EXPECT_THAT(expanded(text), testing::StartsWith("!")) << text;
  }
}

TEST(Environment, WhatWasReplacedIsMarkedAsPossiblySecret) {
  EXPECT_TRUE(std::get<Expanded>(expand("x${SET}", &variable)).from_environment);
  EXPECT_FALSE(std::get<Expanded>(expand("x", &variable)).from_environment);
}

TEST(Environment, TheProcesssOwnIsRead) {
  ASSERT_EQ(::setenv("TOLLGATE_TEST_VARIABLE", "here", 1), 0);
  EXPECT_EQ(process_environment()("TOLLGATE_TEST_VARIABLE"), "here");
  EXPECT_EQ(process_environment()("TOLLGATE_TEST_NO_SUCH_VARIABLE"), std::nullopt);
}

}  // namespace
}  // namespace config

#include "providers/tokens/delivered_text.h"

#include <random>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "providers/tokens/token_counter.h"

namespace providers {
namespace {

using config::Tokenizer;
using Part = DeliveredText::Part;

constexpr auto kExact = Tokenizer::cl100k_base;

TEST(TokenCounter, AnUnknownVocabularyIsCountedWithAMargin) {
  EXPECT_EQ(count_tokens("hello world", kExact), 2);
  EXPECT_EQ(calibrated(100, kExact), 100);
  EXPECT_EQ(calibrated(100, Tokenizer::unknown), 110);
  EXPECT_EQ(calibrated(0, Tokenizer::unknown), 0);
}

TEST(TokenTally, WhatIsBeyondTheBoundIsTakenToBeLikeTheRest) {
  std::string text;
  while (text.size() < 4 * TokenTally::kCounted) text += "All of this is much the same. ";
  TokenTally tally;
  tally.add(text);
  tally.add_tokens(5);
  const auto all = count_tokens(text, kExact);
  EXPECT_NEAR(static_cast<double>(tally.tokens(kExact)), static_cast<double>(all),
              static_cast<double>(all) * 0.001);
}

TEST(DeliveredText, TheSameTextInAnyPiecesIsAsManyTokens) {
  std::string text;
  std::mt19937 random(20261121);
  const std::string words[] = {" the",  " gateway's", "\n\n",  "  ", " 字典",
                               "12345", "!?",         "\t\n ", "€",  " unbelievable"};
  while (text.size() < 400'000) text += words[random() % std::size(words)];
  const auto whole = count_tokens(text, kExact);
  for (const std::size_t step : {1UL, 3UL, 1000UL, 70'000UL}) {
    DeliveredText delivered;
    for (std::size_t at = 0; at < text.size();) {
      auto end = std::min(at + step, text.size());
      while (end < text.size() && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) ++end;
      delivered.add(0, Part::content, std::string_view(text).substr(at, end - at));
      at = end;
    }
    EXPECT_EQ(delivered.bytes(), text.size());
    EXPECT_EQ(delivered.tokens(kExact), whole) << step;
  }
}

TEST(DeliveredText, ARunThatNeverEndsIsCutAndCounted) {
  DeliveredText delivered;
  std::string text;
  while (text.size() < 100'000) {
    delivered.add(0, Part::content, "abcdefg");
    text += "abcdefg";
  }
  EXPECT_NEAR(static_cast<double>(delivered.tokens(kExact)),
              static_cast<double>(count_tokens(text, kExact)), 3);
}

TEST(DeliveredText, ChoicesAndPartsAreTextsOfTheirOwn) {
  DeliveredText delivered;
  delivered.add(0, Part::content, "hel");
  delivered.add(1, Part::content, "hel");
  delivered.add(1, Part::reasoning, "lo");
  EXPECT_EQ(delivered.tokens(kExact), 3);
  EXPECT_EQ(delivered.bytes(), 8U);

  DeliveredText one;
  one.add(0, Part::content, "hel");
  one.add(0, Part::content, "lo");
  EXPECT_EQ(one.tokens(kExact), 1);
}

TEST(DeliveredText, JsonIsCountedAsTheTextItStandsFor) {
  DeliveredText delivered;
  delivered.add_json(0, Part::content, R"(\u0068ello\u0020world)");
  EXPECT_EQ(delivered.tokens(kExact), 2);
  EXPECT_EQ(delivered.bytes(), 11U);
}

TEST(DeliveredText, TheContentIsKeptWholeWhereItIsAskedFor) {
  DeliveredText text;
  text.add(0, Part::content, "before");
  EXPECT_EQ(text.content(), nullptr);

  DeliveredText kept;
  kept.keep_content(100'000);
  kept.add(0, Part::reasoning, "Hm.");
  std::string whole;
  for (int i = 0; i < 15'000; ++i) {
    kept.add_json(0, Part::content, R"(caf\u00e9 )");
    whole += "café ";
  }
  ASSERT_NE(kept.content(), nullptr);
  EXPECT_EQ(*kept.content(), whole) << "though what is counted from is cut";
}

TEST(DeliveredText, NothingIsKeptOfWhatIsTooLongOrNotContentAlone) {
  DeliveredText longer;
  longer.keep_content(8);
  longer.add(0, Part::content, "12345678");
  ASSERT_NE(longer.content(), nullptr);
  longer.add(0, Part::content, "9");
  EXPECT_EQ(longer.content(), nullptr);
  for (const auto& [choice, part] :
       {std::pair{0, Part::call_name}, std::pair{0, Part::refusal}, std::pair{1, Part::content}}) {
    DeliveredText other;
    other.keep_content(100);
    other.add(0, Part::content, "a");
    other.add(static_cast<std::size_t>(choice), part, "b");
    other.add(0, Part::content, "c");
    EXPECT_EQ(other.content(), nullptr);
  }
}

}  // namespace
}  // namespace providers

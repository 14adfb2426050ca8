// A few counts that anyone can check; token for token it is compared with the official
// tokenizer in tests/clients.

#include "providers/tokens/cl100k.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "providers/tokens/split.h"

namespace providers::cl100k {
namespace {

std::vector<std::string> pieces(std::string_view text) {
  std::vector<std::string> out;
  for (std::size_t at = 0; at < text.size();) {
    const auto end = piece_end(text, at);
    out.emplace_back(text.substr(at, end - at));
    at = end;
  }
  return out;
}

using testing::ElementsAre;

TEST(Ranks, AreAllThere) {
  EXPECT_EQ(rank_count(), 100'256U);
  for (Rank rank = 0; rank < rank_count(); ++rank) ASSERT_EQ(rank_of(token_of(rank)), rank);
  EXPECT_EQ(rank_of(""), kNoRank);
  EXPECT_EQ(rank_of("no token at all"), kNoRank);
  EXPECT_EQ(rank_of(std::string(kLongestToken + 1, ' ')), kNoRank);
}

TEST(Split, WordsKeepTheBlankBeforeThem) {
  EXPECT_THAT(
      pieces("It's  12345 o'clock,\n\n (now)\n"),
      ElementsAre("It", "'s", " ", " ", "123", "45", " o", "'clock", ",\n\n", " (", "now", ")\n"));
}

TEST(Split, BytesThatAreNoTextAreCharactersOfTheirOwn) {
  EXPECT_THAT(pieces("a\xff\xc3"), ElementsAre("a", "\xff\xc3"));
  EXPECT_THAT(pieces("\xf0\x9f\x98"), ElementsAre("\xf0\x9f\x98"));
}

TEST(Cl100k, CountsAndNamesTokens) {
  std::vector<Rank> tokens;
  encode("hello world", tokens);
  EXPECT_THAT(tokens, ElementsAre(15339U, 1917U));
  EXPECT_EQ(count("hello world"), 2);
  EXPECT_EQ(count(""), 0);
  EXPECT_EQ(count("<|endoftext|>"), 7);
}

TEST(Cl100k, ShortAndLongPiecesAreMergedAlike) {
  // "abab…" of even length is made of the same tokens however it is merged.
  const std::string unit = "xqzjkw";
  std::string text;
  std::int64_t last = 0;
  while (text.size() < 400) {
    text += unit;
    const auto now = count(text);
    EXPECT_GT(now, last);
    last = now;
  }
}

// Quadratic work would need minutes: the limit on this program's time is the assertion.
TEST(Cl100k, TextWithoutABlankIsCountedInBoundedTime) {
  for (const std::string unit : {"a", " ", "!", "字"}) {
    std::string text;
    while (text.size() < 64UL * 1024) text += unit;
    const auto tokens = count(text);
    EXPECT_GT(tokens, 100) << unit;
    EXPECT_LE(tokens, 64 * 1024) << unit;
  }
}

}  // namespace
}  // namespace providers::cl100k

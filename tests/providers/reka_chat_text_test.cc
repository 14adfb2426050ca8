#include "providers/reka_chat_text.h"

#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace providers {
namespace {

using config::StreamText;

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

std::string joined(StreamText mode, const std::vector<std::string>& texts, bool finish = true) {
  CumulativeText text(mode);
  std::string out;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    out += text.next(texts[i], finish && i + 1 == texts.size());
  }
  out += text.rest();
  return out;
}

// The first `bytes` of a text as a server shows them that decodes token by token: a
// character cut in half is one U+FFFD, or one for each of its bytes.
std::string decoded_so_far(std::string_view text, std::size_t bytes, bool one_per_byte) {
  std::size_t begin = bytes;
  while (begin > 0 && begin < text.size() &&
         (static_cast<unsigned char>(text[begin]) & 0xC0) == 0x80) {
    --begin;
  }
  std::string out(text.substr(0, begin));
  const std::size_t marks = begin == bytes ? 0 : one_per_byte ? bytes - begin : 1;
  for (std::size_t i = 0; i < marks; ++i) out += kReplacement;
  return out;
}

constexpr std::string_view kText = " Grüße aus 東京, 🗼 und \"Zitat\"\n— ende\u2028.";

TEST(CumulativeText, E22_FullTextChunksBecomeDeltas) {
  CumulativeText text(StreamText::automatic);
  EXPECT_EQ(text.next(" Hello", false), " Hello");
  EXPECT_EQ(text.next(" Hello!", false), "!");
  EXPECT_EQ(text.next(" Hello! How", false), " How");
  EXPECT_EQ(text.next(" Hello! How", true), "");
  EXPECT_FALSE(text.rewritten());
}

TEST(CumulativeText, E22_DeltaChunksAreToldApartFromTheSecond) {
  EXPECT_EQ(joined(StreamText::automatic, {" Paris", " is", " in", " France."}),
            " Paris is in France.");
}

TEST(CumulativeText, AnySplitGivesTheSameText) {
  for (const StreamText mode : {StreamText::automatic, StreamText::cumulative}) {
    for (const bool one_per_byte : {false, true}) {
      for (std::size_t a = 1; a < kText.size(); ++a) {
        for (std::size_t b = a; b < kText.size(); ++b) {
          const std::vector<std::string> texts{decoded_so_far(kText, a, one_per_byte),
                                               decoded_so_far(kText, b, one_per_byte),
                                               std::string(kText)};
          ASSERT_EQ(joined(mode, texts), kText) << a << " " << b;
        }
      }
    }
  }
}

TEST(CumulativeText, RandomGrowthGivesTheSameText) {
  std::mt19937 random(20260321);
  for (int round = 0; round < 2000; ++round) {
    std::vector<std::string> texts;
    std::size_t size = 0;
    while (size < kText.size()) {
      size = std::min(kText.size(), size + random() % 7);
      texts.push_back(decoded_so_far(kText, size, round % 2 == 0));
    }
    ASSERT_EQ(joined(StreamText::automatic, texts), kText) << round;
  }
}

TEST(CumulativeText, EveryPieceIsWholeCharacters) {
  CumulativeText text(StreamText::cumulative);
  for (std::size_t size = 1; size <= kText.size(); ++size) {
    const std::string so_far = decoded_so_far(kText, size, false);
    const std::string_view piece = text.next(so_far, size == kText.size());
    ASSERT_EQ(piece.find(kReplacement), std::string_view::npos) << size;
    if (!piece.empty()) {
      ASSERT_NE(static_cast<unsigned char>(piece[0]) & 0xC0, 0x80) << size;
    }
  }
}

TEST(CumulativeText, AReplacementCharacterTheModelWroteIsNotLost) {
  const std::string mark(kReplacement);
  EXPECT_EQ(joined(StreamText::automatic, {"a" + mark, "a" + mark + "b"}), "a" + mark + "b");
  EXPECT_EQ(joined(StreamText::automatic, {"a" + mark}, false), "a" + mark);
  EXPECT_EQ(joined(StreamText::automatic, {"a" + mark, "b", "c" + mark}), "a" + mark + "bc" + mark);
}

TEST(CumulativeText, EmptyTextsChangeNothing) {
  EXPECT_EQ(joined(StreamText::automatic, {"", "a", "", "ab", ""}), "ab");
}

TEST(CumulativeText, ARewrittenTextContinuesFromTheLengthSent) {
  CumulativeText text(StreamText::automatic);
  EXPECT_EQ(text.next("one", false), "one");
  EXPECT_EQ(text.next("one two", false), " two");
  EXPECT_EQ(text.next("uno", false), "");  // cannot be taken back
  EXPECT_EQ(text.next("uno due", false), "");
  EXPECT_EQ(text.next("uno due tre", true), " tre");
  EXPECT_TRUE(text.rewritten());
}

TEST(CumulativeText, ARewriteNeverCutsACharacter) {
  CumulativeText text(StreamText::cumulative);
  EXPECT_EQ(text.next("abc", false), "abc");
  EXPECT_EQ(text.next("aböd", true), "d");  // byte 3 is inside the ö
}

TEST(CumulativeText, ASetModeIsNotGuessedAt) {
  EXPECT_EQ(joined(StreamText::delta, {"ha", "haha", "!"}), "hahaha!");
  EXPECT_EQ(joined(StreamText::cumulative, {"ha", "haha", "haha!"}), "haha!");
  EXPECT_EQ(joined(StreamText::automatic, {"ha", "haha", "haha!"}), "haha!");
}

}  // namespace
}  // namespace providers

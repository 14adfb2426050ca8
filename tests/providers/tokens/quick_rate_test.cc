#include "providers/tokens/quick_rate.h"

#include <string>

#include <gtest/gtest.h>

namespace providers {
namespace {

// As the header says it, letter by letter.
std::int64_t by_letters(std::string_view text) {
  std::size_t hundredths = 0;
  std::size_t other = 0;
  for (std::size_t block = 0; block < text.size(); block += 64) {
    std::size_t words = 0;
    std::size_t starts = 0;
    for (std::size_t i = block; i < std::min(block + 64, text.size()); ++i) {
      const bool letter = text[i] >= 'a' && text[i] <= 'z';
      if (letter || text[i] == ' ') ++words;
      if (letter && i > block && text[i - 1] == ' ') ++starts;
    }
    hundredths += std::max(words * 25, starts * 100);
    other += std::min<std::size_t>(64, text.size() - block) - words;
  }
  return static_cast<std::int64_t>((hundredths + (other * 1000 + 16) / 17 + 99) / 100);
}

TEST(QuickRate, IsTheSameForTextsOfAnyLength) {
  constexpr std::string_view kBytes = "a b z`{ A@ 7\xC3\xA9\xFF\x01 hello i a ";
  std::string text;
  for (std::size_t i = 0; i < 300; ++i) {
    QuickRate rate;
    rate.add(text);
    EXPECT_EQ(rate.tokens(), by_letters(text)) << i;
    text += kBytes[i * i % kBytes.size()];
  }
}

TEST(QuickRate, WordsOfOneLetterAreOneToken) {
  std::string text;
  for (int i = 0; i < 1000; ++i) text += "a ";
  QuickRate rate;
  rate.add(text);
  EXPECT_EQ(rate.tokens(), by_letters(text));
  EXPECT_GE(rate.tokens(), 960);
}

}  // namespace
}  // namespace providers

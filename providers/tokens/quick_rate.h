#pragma once
// Tokens at a glance: small letters and blanks are words, which vocabularies hold whole;
// whatever else there is (signs, digits, capitals, other scripts) comes in ones and twos. The
// rates are set so that about one text in a hundred is more than was thought
// (tests/clients/corpus.js). A value; pure.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace providers {

class QuickRate {
 public:
  void add(std::string_view text) {
    for (; text.size() >= kBlock; text.remove_prefix(kBlock)) add_block(text, kBlock);
    if (text.empty()) return;
    // Filled up with what is no letter and no blank.
    std::array<char, kBlock> last{};
    std::copy_n(text.data(), text.size(), last.data());
    add_block({last.data(), last.size()}, text.size());
  }

  std::int64_t tokens() const {
    return static_cast<std::int64_t>(rounded_up(
        words_hundredths_ + rounded_up(other_ * kHundred * kTen, kOtherBytesPerTen), kHundred));
  }

 private:
  // Short words among long ones are seen where they stand.
  static constexpr std::size_t kBlock = 64;
  static constexpr std::size_t kTen = 10;
  static constexpr std::size_t kHundred = 100;
  static constexpr std::size_t kPerWordByte = 25;  // hundredths of a token
  static constexpr std::size_t kOtherBytesPerTen = 17;

  static constexpr std::size_t rounded_up(std::size_t a, std::size_t b) { return (a + b - 1) / b; }

  // In bytes, of which a processor counts many at once; a block's count fits in one.
  using Count = std::uint8_t;
  static Count is_letter(char c) {
    return static_cast<Count>(static_cast<Count>(c - 'a') < 26 ? 1 : 0);
  }
  static Count is_blank(char c) { return static_cast<Count>(c == ' ' ? 1 : 0); }

  // The block that `text` begins with, of which so many bytes count. Loops of a known length, over
  // plain bytes and without a branch: the compiler makes vectors of them.
  void add_block(std::string_view text, std::size_t size) {
    const char* block = text.data();
    std::array<Count, kBlock + 1> blank;  // the one before the first is of no concern
    blank[0] = 0;
    for (std::size_t i = 0; i < kBlock; ++i) blank[i + 1] = is_blank(block[i]);
    Count words = 0;
    Count starts = 0;  // a word is a token at least, however short
    for (std::size_t i = 0; i < kBlock; ++i) {
      const Count letter = is_letter(block[i]);
      words = static_cast<Count>(words + (letter | blank[i + 1]));
      starts = static_cast<Count>(starts + (letter & blank[i]));
    }
    words_hundredths_ += std::max<std::size_t>(words * kPerWordByte, starts * kHundred);
    other_ += size - words;
  }

  std::size_t words_hundredths_ = 0;
  std::size_t other_ = 0;
};

// What vision models bill for a picture of common size.
inline constexpr std::int64_t kTokensPerImage = 1000;

}  // namespace providers

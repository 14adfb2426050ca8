#pragma once
// Tokens at a glance: small letters and blanks are words, which vocabularies hold whole;
// whatever else there is (signs, digits, capitals, other scripts) comes in ones and twos. The
// rates are set so that about one text in a hundred is more than was thought
// (tests/clients/corpus.js). A value; pure.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace providers {

class QuickRate {
 public:
  void add(std::string_view text) {
    for (; !text.empty(); text.remove_prefix(std::min(text.size(), kBlock))) {
      add_block(text.substr(0, kBlock));
    }
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

  void add_block(std::string_view text) {
    Count words = is_letter(text[0]) | is_blank(text[0]);
    Count starts = 0;  // a word is a token at least, however short
    for (std::size_t i = 1; i < text.size(); ++i) {
      words = static_cast<Count>(words + (is_letter(text[i]) | is_blank(text[i])));
      starts = static_cast<Count>(starts + (is_letter(text[i]) & is_blank(text[i - 1])));
    }
    words_hundredths_ += std::max<std::size_t>(words * kPerWordByte, starts * kHundred);
    other_ += text.size() - words;
  }

  std::size_t words_hundredths_ = 0;
  std::size_t other_ = 0;
};

// What vision models bill for a picture of common size.
inline constexpr std::int64_t kTokensPerImage = 1000;

}  // namespace providers

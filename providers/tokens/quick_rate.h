#pragma once
// Tokens at a glance: small letters and blanks are words, which vocabularies hold whole;
// whatever else there is (signs, digits, capitals, other scripts) comes in ones and twos. The
// two rates are set so that about one text in a hundred is more than was thought
// (tests/clients/corpus.js). A value; pure.

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace providers {

class QuickRate {
 public:
  // Without a branch, so that it takes many bytes at once.
  void add(std::string_view text) {
    std::size_t words = 0;
    for (const char c : text) {
      const auto byte = static_cast<unsigned char>(c);
      words +=
          static_cast<std::size_t>((static_cast<unsigned char>(byte - 'a') < 26) | (byte == ' '));
    }
    words_ += words;
    other_ += text.size() - words;
  }

  std::int64_t tokens() const {
    constexpr std::size_t kWordBytes = 40;  // per ten tokens
    constexpr std::size_t kOtherBytes = 17;
    constexpr std::size_t kTen = 10;
    const auto rounded_up = [](std::size_t a, std::size_t b) { return (a + b - 1) / b; };
    constexpr std::size_t kHundred = kTen * kTen;
    const std::size_t tenths =
        rounded_up(words_ * kHundred, kWordBytes) + rounded_up(other_ * kHundred, kOtherBytes);
    return static_cast<std::int64_t>(rounded_up(tenths, kTen));
  }

 private:
  std::size_t words_ = 0;
  std::size_t other_ = 0;
};

// What vision models bill for a picture of common size.
inline constexpr std::int64_t kTokensPerImage = 1000;

}  // namespace providers

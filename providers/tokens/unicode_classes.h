#pragma once
// What the tokenizer's pattern tells characters apart by: \p{L}, \p{N}, \s. Constant tables,
// any thread.

#include <cstdint>

namespace providers {

enum class CharClass : std::uint8_t { other, letter, number, space };

CharClass class_beyond_ascii(char32_t character);

inline CharClass class_of(char32_t character) {
  if (character >= 0x80) return class_beyond_ascii(character);
  if ((character | 0x20) >= 'a' && (character | 0x20) <= 'z') return CharClass::letter;
  if (character >= '0' && character <= '9') return CharClass::number;
  if (character == ' ' || (character >= '\t' && character <= '\r')) return CharClass::space;
  return CharClass::other;
}

}  // namespace providers

#include "config/base/utf8.h"

#include <cstdint>

namespace config {
namespace {

// How many bytes the sequence at the front has; 0: none begins like this.
std::size_t length_of(unsigned char lead) {
  if (lead < 0x80) return 1;
  if (lead >= 0xc2 && lead < 0xe0) return 2;
  if (lead >= 0xe0 && lead < 0xf0) return 3;
  if (lead >= 0xf0 && lead < 0xf5) return 4;
  return 0;
}

bool well_formed(std::string_view sequence) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(sequence[i]); };
  for (std::size_t i = 1; i < sequence.size(); ++i) {
    if ((byte(i) & 0xc0) != 0x80) return false;
  }
  if (sequence.size() < 3) return true;
  // The second byte of some leads is narrower than a continuation byte: overlong
  // forms (E0, F0), surrogates (ED), and what lies beyond U+10FFFF (F4).
  switch (byte(0)) {
    case 0xe0:
      return byte(1) >= 0xa0;
    case 0xed:
      return byte(1) < 0xa0;
    case 0xf0:
      return byte(1) >= 0x90;
    case 0xf4:
      return byte(1) < 0x90;
    default:
      return true;
  }
}

}  // namespace

std::size_t find_invalid_utf8(std::string_view text) {
  std::size_t at = 0;
  while (at < text.size()) {
    const auto length = length_of(static_cast<unsigned char>(text[at]));
    if (length == 0 || length > text.size() - at) return at;
    if (!well_formed(text.substr(at, length))) return at;
    at += length;
  }
  return at;
}

}  // namespace config

#include "providers/wire/json_text.h"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace providers {
namespace {

constexpr std::uint32_t kNoHex = 0xFFFF'FFFF;

constexpr std::uint32_t hex_digit(char c) {
  if (c >= '0' && c <= '9') return static_cast<std::uint32_t>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<std::uint32_t>(c - 'a') + 10;
  if (c >= 'A' && c <= 'F') return static_cast<std::uint32_t>(c - 'A') + 10;
  return kNoHex;
}

// The four hexadecimal digits at `at`, or kNoHex.
std::uint32_t hex_unit(std::string_view text, std::size_t at) {
  if (at + 4 > text.size()) return kNoHex;
  std::uint32_t unit = 0;
  for (std::size_t i = at; i < at + 4; ++i) {
    const std::uint32_t digit = hex_digit(text[i]);
    if (digit == kNoHex) return kNoHex;
    unit = unit * 16 + digit;
  }
  return unit;
}

bool is_high_surrogate(std::uint32_t unit) {
  return unit >= 0xD800 && unit <= 0xDBFF;
}
bool is_low_surrogate(std::uint32_t unit) {
  return unit >= 0xDC00 && unit <= 0xDFFF;
}

// The character a \u escape at `at` (its backslash) means, with the second half of
// a pair; `size` becomes the escape's length. kNoHex where it is malformed.
std::uint32_t escaped_character(std::string_view inside, std::size_t at, std::size_t& size) {
  const std::uint32_t unit = hex_unit(inside, at + 2);
  size = 6;
  if (unit == kNoHex || is_low_surrogate(unit)) return kNoHex;
  if (!is_high_surrogate(unit)) return unit;
  if (inside.substr(at + 6, 2) != "\\u") return kNoHex;
  const std::uint32_t low = hex_unit(inside, at + 8);
  if (low == kNoHex || !is_low_surrogate(low)) return kNoHex;
  size = 12;
  return 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00);
}

void append_utf8(std::string& out, std::uint32_t character) {
  const auto byte = [&](std::uint32_t value) { out.push_back(static_cast<char>(value)); };
  if (character < 0x80) {
    byte(character);
  } else if (character < 0x800) {
    byte(0xC0 | character >> 6);
    byte(0x80 | (character & 0x3F));
  } else if (character < 0x10000) {
    byte(0xE0 | character >> 12);
    byte(0x80 | (character >> 6 & 0x3F));
    byte(0x80 | (character & 0x3F));
  } else {
    byte(0xF0 | character >> 18);
    byte(0x80 | (character >> 12 & 0x3F));
    byte(0x80 | (character >> 6 & 0x3F));
    byte(0x80 | (character & 0x3F));
  }
}

// The next backslash. Escapes stand close together where there are any, so that a call
// into the C library for each costs more than looking.
std::size_t next_backslash(std::string_view text, std::size_t from) {
#ifdef __SSE2__
  const __m128i wanted = _mm_set1_epi8('\\');
  const auto matches = [&](std::size_t at) {
    const auto* block = reinterpret_cast<const __m128i*>(text.data() + at);
    return _mm_cmpeq_epi8(_mm_loadu_si128(block), wanted);
  };
  for (; from + 64 <= text.size(); from += 64) {
    const __m128i any = _mm_or_si128(_mm_or_si128(matches(from), matches(from + 16)),
                                     _mm_or_si128(matches(from + 32), matches(from + 48)));
    if (_mm_movemask_epi8(any) != 0) break;
  }
  for (; from + 16 <= text.size(); from += 16) {
    const auto found = static_cast<unsigned>(_mm_movemask_epi8(matches(from)));
    if (found != 0) return from + static_cast<std::size_t>(std::countr_zero(found));
  }
#endif
  return text.find('\\', from);
}

// What a two-character escape stands for; 0: there is no such escape.
constexpr char short_escape(char letter) {
  switch (letter) {
    case '"':
    case '\\':
    case '/':
      return letter;
    case 'b':
      return '\b';
    case 'f':
      return '\f';
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    default:
      return 0;
  }
}

bool must_escape(char c) {
  return static_cast<unsigned char>(c) < 0x20 || c == '"' || c == '\\';
}

// Whether none of eight bytes must be escaped, told at once. May say no where a byte is not ASCII.
bool eight_are_plain(const char* bytes) {
  constexpr std::uint64_t kOnes = 0x0101'0101'0101'0101;
  constexpr std::uint64_t kHighs = 0x80 * kOnes;
  std::uint64_t word;
  std::memcpy(&word, bytes, sizeof word);
  // The high bit of each byte that is below a value, where none has its own set.
  const std::uint64_t controls = word - 0x20 * kOnes;
  const std::uint64_t quotes = (word ^ ('"' * kOnes)) - kOnes;
  const std::uint64_t slashes = (word ^ ('\\' * kOnes)) - kOnes;
  return ((word | controls | quotes | slashes) & kHighs) == 0;
}

void append_escape(std::string& out, char c) {
  switch (c) {
    case '"':
      out.append("\\\"");
      return;
    case '\\':
      out.append("\\\\");
      return;
    case '\n':
      out.append("\\n");
      return;
    case '\r':
      out.append("\\r");
      return;
    case '\t':
      out.append("\\t");
      return;
    default:
      constexpr char kDigits[] = "0123456789abcdef";
      out.append("\\u00");
      out.push_back(kDigits[static_cast<unsigned char>(c) >> 4]);
      out.push_back(kDigits[static_cast<unsigned char>(c) & 0xF]);
  }
}

}  // namespace

std::size_t bad_escape(std::string_view inside) {
  std::size_t at = inside.find('\\');
  while (at != std::string_view::npos) {
    if (at + 1 >= inside.size()) return at;
    std::size_t size = 2;
    if (inside[at + 1] == 'u') {
      if (escaped_character(inside, at, size) == kNoHex) return at;
    } else if (short_escape(inside[at + 1]) == 0) {
      return at;
    }
    at = next_backslash(inside, at + size);
  }
  return std::string_view::npos;
}

void append_unescaped(std::string& out, std::string_view inside) {
  out.reserve(out.size() + inside.size());
  std::size_t plain = 0;
  std::size_t at = inside.find('\\');
  while (at != std::string_view::npos && at + 1 < inside.size()) {
    out.append(inside, plain, at - plain);
    std::size_t size = 2;
    if (inside[at + 1] == 'u') {
      append_utf8(out, escaped_character(inside, at, size));
    } else {
      out.push_back(short_escape(inside[at + 1]));
    }
    plain = at + size;
    at = next_backslash(inside, plain);
  }
  out.append(inside.substr(plain));
}

void append_escaped(std::string& out, std::string_view text) {
  constexpr std::size_t kAtOnce = 8;
  std::size_t plain = 0;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(at + kAtOnce, text.size());
    // The last ones are looked at with some before them.
    if (end >= kAtOnce && eight_are_plain(text.data() + end - kAtOnce)) {
      at = end;
      continue;
    }
    for (; at < end; ++at) {
      if (!must_escape(text[at])) continue;
      out.append(text, plain, at - plain);
      append_escape(out, text[at]);
      plain = at + 1;
    }
  }
  out.append(text.substr(plain));
}

void append_quoted(std::string& out, std::string_view text) {
  const std::size_t wanted = out.size() + text.size() + 2;
  if (out.capacity() < wanted) out.reserve(wanted);
  out.push_back('"');
  append_escaped(out, text);
  out.push_back('"');
}

std::string quoted(std::string_view text) {
  std::string out;
  append_quoted(out, text);
  return out;
}

std::string_view utf8_prefix(std::string_view text, std::size_t limit) {
  if (text.size() <= limit) return text;
  while (limit > 0 && (static_cast<unsigned char>(text[limit]) & 0xC0) == 0x80) --limit;
  return text.substr(0, limit);
}

}  // namespace providers

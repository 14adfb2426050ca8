#include "providers/tokens/split.h"

#include "providers/tokens/unicode_classes.h"

// The pattern this stands for, its branches tried in order:
//   (?i:'s|'t|'re|'ve|'m|'ll|'d) | [^\r\n\p{L}\p{N}]?\p{L}+ | \p{N}{1,3}
//   | ?[^\s\p{L}\p{N}]+[\r\n]* | \s*[\r\n]+ | \s+(?!\S) | \s+

namespace providers {
namespace {

struct Char {
  char32_t code = 0;
  std::size_t end = 0;
  CharClass is = CharClass::other;
};

bool continues(std::string_view text, std::size_t at) {
  return at < text.size() && (static_cast<unsigned char>(text[at]) & 0xc0) == 0x80;
}

std::size_t length_of(std::string_view text, std::size_t at) {
  const auto lead = static_cast<unsigned char>(text[at]);
  const std::size_t length = lead < 0xc2   ? 1
                             : lead < 0xe0 ? 2
                             : lead < 0xf0 ? 3
                             : lead < 0xf5 ? 4
                                           : 1;
  for (std::size_t i = 1; i < length; ++i) {
    if (!continues(text, at + i)) return 1;
  }
  return length;
}

Char char_at(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[at + i]); };
  const char32_t lead = byte(0);
  if (lead < 0x80) return {lead, at + 1, class_of(lead)};
  const std::size_t length = length_of(text, at);
  if (length == 1) return {lead, at + 1, CharClass::other};
  char32_t code = lead & (0x7fU >> length);
  for (std::size_t i = 1; i < length; ++i) code = code << 6 | (byte(i) & 0x3fU);
  return {code, at + length, class_of(code)};
}

std::size_t end_of_run(std::string_view text, std::size_t at, CharClass of) {
  while (at < text.size()) {
    const Char next = char_at(text, at);
    if (next.is != of) break;
    at = next.end;
  }
  return at;
}

bool breaks_line(char32_t code) {
  return code == '\r' || code == '\n';
}

// Whether the character is that ASCII letter in either case. Unicode folds the long s, too.
bool is_letter(const Char& c, char lower) {
  return (c.code | 0x20) == static_cast<char32_t>(lower) || (lower == 's' && c.code == 0x17f);
}

// Where an English contraction that begins with the apostrophe at `at` ends; `at` itself
// where there is none.
std::size_t contraction_end(std::string_view text, std::size_t at) {
  if (at + 1 >= text.size()) return at;
  const Char first = char_at(text, at + 1);
  for (const char single : {'s', 't', 'm', 'd'}) {
    if (is_letter(first, single)) return first.end;
  }
  if (first.end >= text.size()) return at;
  const Char second = char_at(text, first.end);
  for (const auto* pair : {"re", "ve", "ll"}) {
    if (is_letter(first, pair[0]) && is_letter(second, pair[1])) return second.end;
  }
  return at;
}

std::size_t punctuation_end(std::string_view text, std::size_t at) {
  at = end_of_run(text, at, CharClass::other);
  while (at < text.size() && breaks_line(static_cast<unsigned char>(text[at]))) ++at;
  return at;
}

// A run of blanks, which begins at `at`: up to its last line break; else all of it but the
// blank that belongs to the word behind.
std::size_t blanks_end(std::string_view text, std::size_t at) {
  std::size_t end = at;
  std::size_t last_begins = at;
  std::size_t after_break = at;
  while (end < text.size()) {
    const Char next = char_at(text, end);
    if (next.is != CharClass::space) break;
    last_begins = end;
    end = next.end;
    if (breaks_line(next.code)) after_break = end;
  }
  if (after_break > at) return after_break;
  return end == text.size() || last_begins == at ? end : last_begins;
}

}  // namespace

std::size_t piece_end(std::string_view text, std::size_t at) {
  const Char first = char_at(text, at);
  if (first.code == '\'') {
    const std::size_t end = contraction_end(text, at);
    if (end > at) return end;
  }
  if (first.is == CharClass::letter) return end_of_run(text, first.end, CharClass::letter);
  if (first.is == CharClass::number) {
    std::size_t end = first.end;
    for (int more = 0; more < 2 && end < text.size(); ++more) {
      const Char next = char_at(text, end);
      if (next.is != CharClass::number) break;
      end = next.end;
    }
    return end;
  }
  const Char second = first.end < text.size() ? char_at(text, first.end) : Char{};
  const bool more = first.end < text.size();
  if (more && second.is == CharClass::letter && !breaks_line(first.code)) {
    return end_of_run(text, second.end, CharClass::letter);
  }
  if (first.is == CharClass::other) return punctuation_end(text, first.end);
  if (more && first.code == ' ' && second.is == CharClass::other) {
    return punctuation_end(text, second.end);
  }
  return blanks_end(text, at);
}

}  // namespace providers

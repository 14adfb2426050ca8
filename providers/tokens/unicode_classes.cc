#include "providers/tokens/unicode_classes.h"

#include <algorithm>
#include <iterator>

namespace providers {
namespace {

struct Range {
  char32_t first;
  char32_t last;
  CharClass is;
};

// In order. What is in no range is other.
constexpr Range kRanges[] = {
#include "unicode_classes.inc"
};

}  // namespace

CharClass class_beyond_ascii(char32_t character) {
  const auto* range = std::upper_bound(
      std::begin(kRanges), std::end(kRanges), character,
      [](char32_t wanted, const Range& candidate) { return wanted < candidate.first; });
  if (range == std::begin(kRanges)) return CharClass::other;
  --range;
  return character <= range->last ? range->is : CharClass::other;
}

}  // namespace providers

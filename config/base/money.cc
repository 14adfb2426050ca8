#include "config/base/money.h"

#include <array>
#include <charconv>
#include <limits>

namespace config {
namespace {

struct Decimal {
  __int128 digits = 0;
  int exponent = 0;  // digits * 10^exponent
};

constexpr int kMaxDigits = 30;     // keeps digits within 128 bits
constexpr int kMaxExponent = 400;  // further out nothing can fit 64 bits anyway

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

std::optional<Decimal> parse_decimal(std::string_view text) {
  Decimal out;
  int significant = 0;
  bool any_digit = false;
  bool after_point = false;
  std::size_t at = 0;
  for (; at < text.size() && (is_digit(text[at]) || text[at] == '.'); ++at) {
    if (text[at] == '.') {
      if (after_point) return std::nullopt;
      after_point = true;
      continue;
    }
    any_digit = true;
    if (significant > 0 || text[at] != '0') ++significant;
    if (significant > kMaxDigits) return std::nullopt;
    out.digits = out.digits * 10 + (text[at] - '0');
    if (after_point) --out.exponent;
  }
  if (!any_digit) return std::nullopt;
  if (at == text.size()) return out;
  if (text[at] != 'e' && text[at] != 'E') return std::nullopt;
  ++at;
  bool negative = false;
  if (at < text.size() && (text[at] == '+' || text[at] == '-')) negative = text[at++] == '-';
  if (at == text.size()) return std::nullopt;
  int exponent = 0;
  for (; at < text.size(); ++at) {
    if (!is_digit(text[at])) return std::nullopt;
    exponent = exponent * 10 + (text[at] - '0');
    if (exponent > kMaxExponent) return std::nullopt;
  }
  out.exponent += negative ? -exponent : exponent;
  return out;
}

}  // namespace

std::optional<std::int64_t> scaled_decimal(std::string_view text, int scale, Rounding rounding) {
  auto decimal = parse_decimal(text);
  if (!decimal) return std::nullopt;
  __int128 value = decimal->digits;
  int shift = decimal->exponent + scale;
  constexpr __int128 kMax = std::numeric_limits<std::int64_t>::max();
  for (; shift > 0 && value != 0; --shift) {
    value *= 10;
    if (value > kMax) return std::nullopt;
  }
  // Half-even over all dropped digits: remember the first of them, and whether
  // anything but zero follows it.
  int first_dropped = 0;
  bool rest_dropped = false;
  for (; shift < 0 && (value != 0 || first_dropped != 0); ++shift) {
    rest_dropped = rest_dropped || first_dropped != 0;
    first_dropped = static_cast<int>(value % 10);
    value /= 10;
  }
  if (first_dropped != 0 || rest_dropped) {
    if (rounding == Rounding::exact) return std::nullopt;
    const bool up = first_dropped > 5 || (first_dropped == 5 && (rest_dropped || value % 2 == 1));
    if (up) value += 1;
  }
  if (value > kMax) return std::nullopt;
  return static_cast<std::int64_t>(value);
}

std::optional<PicoUsdPerToken> usd_per_million(std::string_view text) {
  auto value = scaled_decimal(text, 6, Rounding::exact);
  if (!value) return std::nullopt;
  return PicoUsdPerToken{*value};
}

std::optional<PicoUsd> reported_usd(std::string_view text) {
  auto value = scaled_decimal(text, 12, Rounding::half_even);
  if (!value) return std::nullopt;
  return PicoUsd{*value};
}

std::optional<PicoUsd> exact_usd(std::string_view text) {
  auto value = scaled_decimal(text, 12, Rounding::exact);
  if (!value) return std::nullopt;
  return PicoUsd{*value};
}

std::string to_usd(PicoUsd amount) {
  constexpr int kDecimals = 12;
  constexpr std::uint64_t kPicoPerUsd = 1'000'000'000'000;
  const bool negative = amount.value < 0;
  const auto pico = negative ? ~static_cast<std::uint64_t>(amount.value) + 1
                             : static_cast<std::uint64_t>(amount.value);
  char text[32];  // a sign, eight digits, a point and twelve more at most
  char* const whole = text + 1;
  char* end = std::to_chars(whole, text + sizeof text, pico / kPicoPerUsd).ptr;
  if (std::uint64_t rest = pico % kPicoPerUsd; rest != 0) {
    *end++ = '.';
    for (char* digit = end + kDecimals; digit != end; rest /= 10) {
      *--digit = static_cast<char>('0' + rest % 10);
    }
    end += kDecimals;
    while (end[-1] == '0') --end;
  }
  text[0] = '-';
  return {negative ? text : whole, end};
}

}  // namespace config

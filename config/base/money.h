#pragma once
// Money as whole pico-USD (10^-12 USD) in 64-bit integers, and prices as pico-USD
// per token. One USD per million tokens is 10^6 pico-USD per token, so every
// price a provider publishes is a whole number and every product is exact.
// Arithmetic is checked: what does not fit is nullopt, never a wrapped number.

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace config {

struct PicoUsd {
  std::int64_t value = 0;
  friend constexpr auto operator<=>(PicoUsd, PicoUsd) = default;
};

struct PicoUsdPerToken {
  std::int64_t value = 0;
  friend constexpr auto operator<=>(PicoUsdPerToken, PicoUsdPerToken) = default;
};

constexpr std::optional<PicoUsd> checked_add(PicoUsd a, PicoUsd b) {
  PicoUsd sum;
  if (__builtin_add_overflow(a.value, b.value, &sum.value)) return std::nullopt;
  return sum;
}

constexpr std::optional<PicoUsd> checked_cost(std::int64_t tokens, PicoUsdPerToken price) {
  PicoUsd product;
  if (__builtin_mul_overflow(tokens, price.value, &product.value)) return std::nullopt;
  return product;
}

// Reads a plain or exponent decimal ("0.10", "1e-7", "15") times 10^scale as a
// whole number. nullopt where it is no decimal, negative, does not fit, or where
// digits would be lost and `rounding` is exact.
enum class Rounding : std::uint8_t { exact, half_even };
std::optional<std::int64_t> scaled_decimal(std::string_view text, int scale, Rounding rounding);

// "0.10" USD per million tokens -> 100'000 pico-USD per token. A price finer than
// one pico-USD per token is refused rather than rounded.
std::optional<PicoUsdPerToken> usd_per_million(std::string_view text);

// An amount in USD as a provider reports it, rounded half-even to pico-USD.
std::optional<PicoUsd> reported_usd(std::string_view text);

// An amount in USD as an operator writes it; exact or refused.
std::optional<PicoUsd> exact_usd(std::string_view text);

// "0.0000049": plain decimal USD, no exponent, no trailing zeros.
std::string to_usd(PicoUsd amount);

}  // namespace config

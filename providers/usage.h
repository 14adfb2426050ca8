#pragma once
// What an attempt used: token counts as a provider reports them, what it says
// they cost, and how sure we are. Absent is never zero.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "config/base/money.h"
#include "config/price.h"

namespace providers {

// How a number came to be known, best first.
enum class Source : std::uint8_t { reported, priced, estimated, unknown };
std::string_view to_string(Source source);

struct Usage {
  // All input tokens; the parts below are included in it.
  std::optional<std::int64_t> prompt;
  std::optional<std::int64_t> cached_read;
  std::optional<std::int64_t> cached_write;
  std::optional<std::int64_t> audio_input;
  std::optional<std::int64_t> image_input;
  // All output tokens; the parts below are included in it.
  std::optional<std::int64_t> completion;
  std::optional<std::int64_t> reasoning;
  std::optional<std::int64_t> audio_output;

  Source tokens = Source::unknown;  // reported, estimated or unknown

  std::optional<config::PicoUsd> reported_cost;
  std::string reported_cost_text;  // as the provider spelled it
  std::string price_variant;       // a dearer way to ask: Price::per_request_variants
  // A count that no honest meter gives (negative, fractional, parts above the
  // whole): kept out of the sums, flagged in the record.
  bool suspect = false;
};

// Buckets that add up: every token stands in exactly one.
struct TokenBuckets {
  std::int64_t prompt = 0;  // plain text input
  std::int64_t cached_read = 0;
  std::int64_t cached_write = 0;
  std::int64_t audio_input = 0;
  std::int64_t image_input = 0;
  std::int64_t completion = 0;  // plain text output
  std::int64_t reasoning = 0;
  std::int64_t audio_output = 0;
};
TokenBuckets disjoint(const Usage& usage);

struct Cost {
  std::optional<config::PicoUsd> amount;  // nullopt: unknown
  Source source = Source::unknown;
};

// Our own price times tokens; nullopt where the price or the tokens are unknown,
// or the product does not fit.
std::optional<config::PicoUsd> priced(const Usage& usage, const config::Price& price);

// What the attempt is booked at: reported before priced before estimated. A
// reported zero for tokens that our table says cost something is replaced by our
// price. `price` nullptr: the operator wrote `price: unknown`.
Cost cost_of(const Usage& usage, const config::Price* price);

// The sum of two attempts is as sure as the less sure of them; what one of them does not know,
// the sum does not know.
Cost sum(const Cost& a, const Cost& b);

}  // namespace providers

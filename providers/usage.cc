#include "providers/usage.h"

#include <algorithm>
#include <utility>

namespace providers {

using config::PicoUsd;
using config::PicoUsdPerToken;

std::string_view to_string(Source source) {
  switch (source) {
    case Source::reported:
      return "reported";
    case Source::priced:
      return "priced";
    case Source::estimated:
      return "estimated";
    case Source::unknown:
      return "unknown";
  }
  return "unknown";
}

TokenBuckets disjoint(const Usage& usage) {
  TokenBuckets out;
  out.cached_read = usage.cached_read.value_or(0);
  out.cached_write = usage.cached_write.value_or(0);
  out.audio_input = usage.audio_input.value_or(0);
  out.image_input = usage.image_input.value_or(0);
  out.reasoning = usage.reasoning.value_or(0);
  out.audio_output = usage.audio_output.value_or(0);
  const std::int64_t input_parts =
      out.cached_read + out.cached_write + out.audio_input + out.image_input;
  const std::int64_t output_parts = out.reasoning + out.audio_output;
  out.prompt = std::max<std::int64_t>(0, usage.prompt.value_or(0) - input_parts);
  out.completion = std::max<std::int64_t>(0, usage.completion.value_or(0) - output_parts);
  return out;
}

std::optional<PicoUsd> priced(const Usage& usage, const config::Price& price) {
  if (usage.tokens == Source::unknown && price.per_request.value == 0) return std::nullopt;
  const TokenBuckets tokens = disjoint(usage);
  PicoUsd sum = price.per_request;
  if (!usage.price_variant.empty()) {
    const auto variant = price.per_request_variants.find(usage.price_variant);
    if (variant != price.per_request_variants.end()) sum = variant->second;
  }
  const std::pair<std::int64_t, PicoUsdPerToken> lines[] = {
      {tokens.prompt, price.input},
      {tokens.cached_read, price.cached_read.value_or(price.input)},
      {tokens.cached_write, price.cached_write.value_or(price.input)},
      {tokens.audio_input, price.audio_input.value_or(price.input)},
      {tokens.image_input, price.image_input.value_or(price.input)},
      {tokens.completion, price.output},
      {tokens.reasoning, price.reasoning.value_or(price.output)},
      {tokens.audio_output, price.audio_output.value_or(price.output)},
  };
  for (const auto& [count, per_token] : lines) {
    const auto line = checked_cost(count, per_token);
    if (!line) return std::nullopt;
    const auto next = checked_add(sum, *line);
    if (!next) return std::nullopt;
    sum = *next;
  }
  return sum;
}

Cost cost_of(const Usage& usage, const config::Price* price) {
  const auto ours = price != nullptr ? priced(usage, *price) : std::nullopt;
  const bool doubtful_zero =
      usage.reported_cost && usage.reported_cost->value == 0 && ours && ours->value > 0;
  if (usage.reported_cost && !doubtful_zero) return {usage.reported_cost, Source::reported};
  if (!ours) return {};
  return {ours, usage.tokens == Source::estimated ? Source::estimated : Source::priced};
}

Cost sum(const Cost& a, const Cost& b) {
  if (!a.amount || !b.amount) return {};
  const auto amount = config::checked_add(*a.amount, *b.amount);
  if (!amount) return {};
  return {amount, std::max(a.source, b.source)};
}

}  // namespace providers

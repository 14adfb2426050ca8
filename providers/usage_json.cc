#include "providers/usage_json.h"

#include <algorithm>

#include <fmt/format.h>

#include "providers/wire/json_names.h"
#include "providers/wire/json_writer.h"

namespace providers {
namespace {

// Beyond any model's reach: such a number is a fault, and its price would overflow.
constexpr std::int64_t kMostTokens = 1'000'000'000'000;

// Takes a count; what is no count at all, or none that an honest meter gives, is left
// out and flagged.
void take(JsonValue value, std::optional<std::int64_t>& out, Usage& usage) {
  if (!value || value.is_null()) return;
  const auto count = value.integer();
  if (!count || *count < 0 || *count > kMostTokens) {
    usage.suspect = true;
    return;
  }
  out = count;
}

// OpenAI's name, else Reka's native one.
JsonValue either(JsonValue value, JsonValue other) {
  return value && !value.is_null() ? value : other;
}

// Parts that are more than their whole would be billed on top of it: they go.
void drop_parts_above(const std::optional<std::int64_t>& whole,
                      std::initializer_list<std::optional<std::int64_t>*> parts, Usage& usage) {
  std::int64_t sum = 0;
  for (const auto* part : parts) sum += part->value_or(0);
  if (!whole || sum <= *whole) return;
  for (auto* part : parts) part->reset();
  usage.suspect = true;
}

// Names that append_usage() writes itself, then others that are read.
enum : std::size_t {
  kPrompt,
  kCompletion,
  kTotal,
  kPromptDetails,
  kCompletionDetails,
  kInput,
  kOutput,
  kReasoning,
  kCost,
  kCostSource,
  kSource,
  kEndOfOurs,
  kCostDetails = kEndOfOurs,
  kByok,
};
constexpr JsonNames kNames("prompt_tokens", "completion_tokens", "total_tokens",
                           "prompt_tokens_details", "completion_tokens_details", "input_tokens",
                           "output_tokens", "reasoning_tokens", "cost", "cost_source", "source",
                           "cost_details", "is_byok");
constexpr JsonNames kInputDetails("cached_tokens", "cache_write_tokens", "audio_tokens",
                                  "image_tokens");
constexpr JsonNames kOutputDetails("audio_tokens", "reasoning_tokens");

void read_cost(JsonValue cost, JsonValue details, JsonValue byok, Usage& out) {
  if (!cost.is(JsonType::number)) return;
  const auto amount = config::reported_usd(cost.raw());
  if (!amount) {
    out.suspect = true;
    return;
  }
  out.reported_cost = *amount;
  out.reported_cost_text = cost.raw();
  // With the operator's own provider key OpenRouter's cost is its fee alone; what the
  // provider bills stands beside it.
  if (byok.boolean() != true) return;
  const JsonValue upstream = details["upstream_inference_cost"];
  if (!upstream.is(JsonType::number)) return;
  const auto billed = config::reported_usd(upstream.raw());
  const auto sum = billed ? config::checked_add(*amount, *billed) : std::nullopt;
  if (!sum) {
    out.suspect = true;
    return;
  }
  out.reported_cost = *sum;
  out.reported_cost_text += fmt::format("+{}", upstream.raw());
}

// The details object: as the upstream gave it, with `name` added where it only stood
// elsewhere.
void append_details(JsonWriter& json, std::string_view key, JsonValue original,
                    std::string_view name, const std::optional<std::int64_t>& count) {
  const bool given = original.is(JsonType::object);
  if (given && (!count || original[name])) {
    json.raw_member(key, original.raw());
    return;
  }
  if (!given && !count) return;
  json.key(key).begin_object();
  if (count) json.member(name, *count);
  for (const JsonMemberView& member : original.members()) {
    json.raw_member(member.key.text(), member.value.raw());
  }
  json.end_object();
}

}  // namespace

void read_usage(JsonValue usage, Usage& out) {
  if (!usage.is(JsonType::object)) return;
  const auto found = kNames.in(usage);
  take(either(found[kPrompt], found[kInput]), out.prompt, out);
  take(either(found[kCompletion], found[kOutput]), out.completion, out);

  if (found[kPromptDetails].is(JsonType::object)) {
    const auto [cached, written, audio, image] = kInputDetails.in(found[kPromptDetails]);
    take(cached, out.cached_read, out);
    take(written, out.cached_write, out);
    take(audio, out.audio_input, out);
    take(image, out.image_input, out);
  }

  const auto [audio, detailed] = kOutputDetails.in(found[kCompletionDetails]);
  take(audio, out.audio_output, out);
  // Reka's compatible chat counts reasoning at the top level, inside completion.
  take(detailed.is(JsonType::number) ? detailed : found[kReasoning], out.reasoning, out);

  if (out.prompt || out.completion) out.tokens = Source::reported;
  drop_parts_above(out.prompt,
                   {&out.cached_read, &out.cached_write, &out.audio_input, &out.image_input}, out);
  drop_parts_above(out.completion, {&out.reasoning, &out.audio_output}, out);
  const auto total = found[kTotal].integer();
  if (total && *total != out.prompt.value_or(0) + out.completion.value_or(0)) out.suspect = true;
  read_cost(found[kCost], found[kCostDetails], found[kByok], out);
}

void read_reported_cost(std::string_view text, Usage& out) {
  const auto amount = config::reported_usd(text);
  if (!amount) return;
  out.reported_cost = *amount;
  out.reported_cost_text = text;
}

void append_usage(std::string& out, const Usage& usage, const Cost& cost, JsonValue original) {
  constexpr std::size_t kUsual = 192;
  out.reserve(out.size() + original.raw().size() + kUsual);
  const auto found = kNames.in(original);
  JsonWriter json(out);
  json.begin_object();
  if (usage.prompt) json.member("prompt_tokens", *usage.prompt);
  if (usage.completion) json.member("completion_tokens", *usage.completion);
  const auto sum = usage.prompt.value_or(0) + usage.completion.value_or(0);
  const auto total = found[kTotal].integer().value_or(sum);
  json.member("total_tokens", std::max(total, sum));
  append_details(json, "prompt_tokens_details", found[kPromptDetails], "cached_tokens",
                 usage.cached_read);
  append_details(json, "completion_tokens_details", found[kCompletionDetails], "reasoning_tokens",
                 usage.reasoning);
  for (const JsonMemberView& member : original.members()) {
    const std::size_t at = kNames.find(member.key);
    const bool ours = at < kEndOfOurs;
    if (!ours) json.raw_member(member.key.text(), member.value.raw());
  }
  if (cost.amount) {
    json.key("cost").raw(config::to_usd(*cost.amount));
    json.member("cost_source", to_string(cost.source));
  }
  if (usage.tokens != Source::reported) json.member("source", to_string(usage.tokens));
  json.end_object();
}

}  // namespace providers

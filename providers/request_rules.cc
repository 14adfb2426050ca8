#include "providers/request_rules.h"

#include <algorithm>
#include <array>
#include <string>

#include <fmt/format.h>

#include "providers/tool_rules.h"
#include "providers/wire/json_names.h"

namespace providers {
namespace {

using config::Result;

enum class Kind : std::uint8_t {
  boolean,
  integer,
  number,
  text,
  texts,  // an array of strings
  text_or_texts,
  array,          // read by us or an adapter: no name twice in it
  object,         // the same
  opaque_object,  // passes unread
  flag_or_count,  // true, false or an integer
  own_check,
};

struct FieldRule {
  std::string_view name;
  Kind kind;
  double least = 0;
  double most = 0;
  Result<void> (*check)(const Place& place, JsonValue value) = nullptr;
};

Result<void> check_stream_options(const Place& place, JsonValue value);
Result<void> check_response_format(const Place& place, JsonValue value);
Result<void> check_seed(const Place& place, JsonValue value);

constexpr double kMostTokens = 2'147'483'647;  // what every upstream's integer holds

constexpr std::array kFields{
    // clang-format off
    FieldRule{"audio",                  Kind::opaque_object},
    FieldRule{"best_of",                Kind::integer, 1, 128},
    FieldRule{"dimensions",             Kind::integer, 1, 1'000'000},
    FieldRule{"echo",                   Kind::boolean},
    FieldRule{"encoding_format",        Kind::text},
    FieldRule{"frequency_penalty",      Kind::number, -2, 2},
    FieldRule{"function_call",          Kind::own_check, 0, 0, check_function_call},
    FieldRule{"functions",              Kind::own_check, 0, 0, check_functions},
    FieldRule{"include_reasoning",      Kind::boolean},
    FieldRule{"logit_bias",             Kind::opaque_object},
    FieldRule{"logprobs",               Kind::flag_or_count, 0, 20},
    FieldRule{"max_completion_tokens",  Kind::integer, 1, kMostTokens},
    FieldRule{"max_tokens",             Kind::integer, 1, kMostTokens},
    FieldRule{"metadata",               Kind::opaque_object},
    FieldRule{"min_p",                  Kind::number, 0, 1},
    FieldRule{"modalities",             Kind::texts},
    FieldRule{"models",                 Kind::texts},
    FieldRule{"n",                      Kind::integer, 1, 128},
    FieldRule{"parallel_tool_calls",    Kind::boolean},
    FieldRule{"plugins",                Kind::array},
    FieldRule{"prediction",             Kind::opaque_object},
    FieldRule{"presence_penalty",       Kind::number, -2, 2},
    FieldRule{"prompt_cache_key",       Kind::text},
    FieldRule{"prompt_cache_retention", Kind::text},
    FieldRule{"provider",               Kind::object},
    FieldRule{"reasoning",              Kind::object},
    FieldRule{"reasoning_effort",       Kind::text},
    FieldRule{"repetition_penalty",     Kind::number, 0, 1000},
    FieldRule{"research",               Kind::object},
    FieldRule{"response_format",        Kind::own_check, 0, 0, check_response_format},
    FieldRule{"route",                  Kind::text},
    FieldRule{"safety_identifier",      Kind::text},
    FieldRule{"seed",                   Kind::own_check, 0, 0, check_seed},
    FieldRule{"service_tier",           Kind::text},
    FieldRule{"session_id",             Kind::text},
    FieldRule{"stop",                   Kind::text_or_texts},
    FieldRule{"store",                  Kind::boolean},
    FieldRule{"stream",                 Kind::boolean},
    FieldRule{"stream_options",         Kind::own_check, 0, 0, check_stream_options},
    FieldRule{"suffix",                 Kind::text},
    FieldRule{"temperature",            Kind::number, 0, 2},
    FieldRule{"tool_choice",            Kind::own_check, 0, 0, check_tool_choice},
    FieldRule{"tools",                  Kind::own_check, 0, 0, check_tools},
    FieldRule{"top_a",                  Kind::number, 0, 1},
    FieldRule{"top_k",                  Kind::integer, -1, kMostTokens},
    FieldRule{"top_logprobs",           Kind::integer, 0, 20},
    FieldRule{"top_p",                  Kind::number, 0, 1},
    FieldRule{"transforms",             Kind::texts},
    FieldRule{"usage",                  Kind::object},
    FieldRule{"user",                   Kind::text},
    FieldRule{"verbosity",              Kind::text},
    FieldRule{"web_search_options",     Kind::object},
    // clang-format on
};
constexpr JsonNames kFieldNames([] {
  std::array<std::string_view, kFields.size()> names;
  std::ranges::transform(kFields, names.begin(), &FieldRule::name);
  return names;
}());

// Checked elsewhere, but their spelling is ours to guard too.
constexpr std::string_view kOtherNames[] = {"input", "messages", "model", "prompt"};

// Where a request goes is the operator's file's word alone: other gateways have
// sent their keys wherever one of these pointed.
constexpr std::string_view kRefused[] = {"api_base",    "base_url", "callback_url",
                                         "custom_host", "proxy",    "webhook_url"};

constexpr std::size_t kLongestKey = 256;

const FieldRule* find_rule(std::string_view name) {
  const std::size_t at = kFieldNames.find(name);
  return at == kFieldNames.kNone ? nullptr : &kFields[at];
}

bool contains(std::span<const std::string_view> names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

std::string lower_case(std::string_view name) {
  std::string out(name);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

// A name in no table. One that differs from ours by letter case alone is refused:
// some upstreams do not tell case apart and would act on what we have not counted.
Result<void> check_unknown(const Place& place) {
  if (contains(kOtherNames, place.name)) return {};
  if (place.name.size() > kLongestKey) {
    return config::invalid_request(
        fmt::format("A field's name is {} bytes long; at most {} are taken.", place.name.size(),
                    kLongestKey),
        place.str());
  }
  const std::string name = lower_case(place.name);
  if (contains(kRefused, name)) {
    return config::invalid_request(
        fmt::format("`{}` is not accepted: this gateway's configuration alone decides where "
                    "requests are sent. Leave it out.",
                    place.name),
        place.str());
  }
  if (name != place.name && (find_rule(name) != nullptr || contains(kOtherNames, name))) {
    return config::invalid_request(fmt::format("`{}` must be spelled `{}`.", place.name, name),
                                   place.str());
  }
  return {};
}

std::string range_phrase(std::string_view noun, const FieldRule& rule) {
  return fmt::format("{} from {:.0f} to {:.0f}", noun, rule.least, rule.most);
}

Result<void> check_integer(const Place& place, JsonValue value, const FieldRule& rule) {
  if (!value.is(JsonType::number)) {
    return wrong_type(place, range_phrase("a whole number", rule), value);
  }
  const auto number = value.integer();
  if (!number || static_cast<double>(*number) < rule.least ||
      static_cast<double>(*number) > rule.most) {
    return wrong_value(place, range_phrase("a whole number", rule));
  }
  return {};
}

// Any 64-bit integer: a double could not name its limits.
Result<void> check_seed(const Place& place, JsonValue value) {
  constexpr std::string_view kWanted =
      "a whole number from -9223372036854775808 to 9223372036854775807";
  if (!value.is(JsonType::number)) return wrong_type(place, kWanted, value);
  if (!value.integer()) return wrong_value(place, kWanted);
  return {};
}

Result<void> check_number(const Place& place, JsonValue value, const FieldRule& rule) {
  if (!value.is(JsonType::number)) return wrong_type(place, range_phrase("a number", rule), value);
  const auto number = value.number();
  if (!number || *number < rule.least || *number > rule.most) {
    return wrong_value(place, range_phrase("a number", rule));
  }
  return {};
}

Result<void> check_texts(const Place& place, JsonValue value, std::string_view wanted) {
  if (!value.is(JsonType::array)) return wrong_type(place, wanted, value);
  std::size_t index = 0;
  for (const JsonValue element : value.elements()) {
    if (auto text = check_text(place.element(index++), element); !text) return text;
  }
  return {};
}

Result<void> check_kind(const Place& place, JsonValue value, const FieldRule& rule) {
  switch (rule.kind) {
    case Kind::boolean:
      if (!value.is(JsonType::boolean)) return wrong_type(place, "true or false", value);
      return {};
    case Kind::integer:
      return check_integer(place, value, rule);
    case Kind::number:
      return check_number(place, value, rule);
    case Kind::text:
      return check_text(place, value);
    case Kind::texts:
      return check_texts(place, value, "an array of strings");
    case Kind::text_or_texts:
      if (value.is(JsonType::string)) return {};
      return check_texts(place, value, "a string or an array of strings");
    case Kind::array:
      if (!value.is(JsonType::array)) return wrong_type(place, "an array", value);
      return check_unique_within(place, value);
    case Kind::object:
      if (!value.is(JsonType::object)) return wrong_type(place, "an object", value);
      return check_unique_within(place, value);
    case Kind::opaque_object:
      if (!value.is(JsonType::object)) return wrong_type(place, "an object", value);
      return {};
    case Kind::flag_or_count:
      if (value.is(JsonType::boolean)) return {};
      return check_integer(place, value, rule);
    case Kind::own_check:
      return rule.check(place, value);
  }
  return {};
}

Result<void> check_stream_options(const Place& place, JsonValue value) {
  if (auto object = check_object(place, value); !object) return object;
  const JsonValue include = value["include_usage"];
  if (include && !include.is_null() && !include.is(JsonType::boolean)) {
    return wrong_type(place.member("include_usage"), "true or false", include);
  }
  return {};
}

// The schema itself passes unread.
Result<void> check_response_format(const Place& place, JsonValue value) {
  if (auto object = check_object(place, value); !object) return object;
  if (auto type = check_text(place.member("type"), value["type"]); !type) return type;
  if (!value["type"].equals("json_schema")) return {};
  const Place schema = place.member("json_schema");
  if (auto object = check_object(schema, value["json_schema"]); !object) return object;
  return check_optional_text(schema.member("name"), value["json_schema"]["name"]);
}

// Tokens as numbers, which is how some clients send what they have tokenized.
bool holds_only_integers(JsonValue list) {
  for (const JsonValue element : list.elements()) {
    if (!element.integer()) return false;
  }
  return !list.empty();
}

}  // namespace

Result<void> check_field(std::string_view key, JsonValue value) {
  const Place place{key};
  const FieldRule* rule = find_rule(key);
  if (rule == nullptr) return check_unknown(place);
  if (value.is_null()) return {};
  return check_kind(place, value, *rule);
}

Result<void> check_prompt(const Place& place, JsonValue prompt) {
  constexpr std::string_view kWanted =
      "a string, an array of strings, an array of token numbers, or an array of such arrays";
  if (prompt.is(JsonType::string)) return {};
  if (!prompt.is(JsonType::array)) return wrong_type(place, kWanted, prompt);
  if (prompt.empty()) return wrong_value(place, "an array that is not empty");
  if (holds_only_integers(prompt)) return {};
  std::size_t index = 0;
  for (const JsonValue element : prompt.elements()) {
    const Place here = place.element(index++);
    const bool good = element.is(JsonType::string) ||
                      (element.is(JsonType::array) && holds_only_integers(element));
    if (!good) return wrong_type(here, "a string or an array of token numbers", element);
  }
  return {};
}

}  // namespace providers

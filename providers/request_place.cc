#include "providers/request_place.h"

#include <fmt/format.h>

#include "providers/wire/json_fields.h"
#include "providers/wire/json_text.h"

namespace providers {
namespace {

// Of a client's own words, what an error repeats at most.
constexpr std::size_t kLongestQuote = 64;

std::string_view article_and_name(JsonType type) {
  constexpr std::string_view kNames[] = {"absent",   "an object", "an array", "a string",
                                         "a number", "a boolean", "null"};
  return kNames[static_cast<std::size_t>(type)];
}

}  // namespace

std::string Place::str() const {
  const std::string before = parent == nullptr ? std::string() : parent->str();
  if (index != kNoIndex) return fmt::format("{}[{}]", before, index);
  const std::string_view shown = utf8_prefix(name, kLongestQuote);
  return before.empty() ? std::string(shown) : fmt::format("{}.{}", before, shown);
}

config::Error wrong_type(const Place& place, std::string_view wanted, JsonValue found) {
  if (!found) return missing(place, wanted);
  std::string param = place.str();
  std::string message =
      fmt::format("`{}` must be {}, but is {}.", param, wanted, article_and_name(found.type()));
  return config::invalid_request(std::move(message), std::move(param));
}

config::Error wrong_value(const Place& place, std::string_view wanted) {
  std::string param = place.str();
  std::string message = fmt::format("`{}` must be {}.", param, wanted);
  return config::invalid_request(std::move(message), std::move(param));
}

config::Error missing(const Place& place, std::string_view wanted) {
  std::string param = place.str();
  std::string message = fmt::format("`{}` is required: {}.", param, wanted);
  return config::invalid_request(std::move(message), std::move(param));
}

config::Result<void> check_unique(const Place& place, JsonValue object) {
  const auto twice = duplicate_key(object);
  if (!twice) return {};
  std::string param = place.member(*twice).str();
  std::string message = fmt::format("`{}` is given more than once; send each field once.", param);
  return config::invalid_request(std::move(message), std::move(param));
}

config::Result<void> check_unique_within(const Place& place, JsonValue value) {
  if (value.is(JsonType::object)) {
    if (auto unique = check_unique(place, value); !unique) return unique;
  }
  for (const JsonMemberView& member : value.members()) {
    std::string storage;
    const Place inner = place.member(member.key.text(storage));
    if (auto unique = check_unique_within(inner, member.value); !unique) return unique;
  }
  std::size_t index = 0;
  for (const JsonValue element : value.elements()) {
    if (auto unique = check_unique_within(place.element(index++), element); !unique) return unique;
  }
  return {};
}

config::Result<void> check_object(const Place& place, JsonValue value) {
  if (!value.is(JsonType::object)) return wrong_type(place, "an object", value);
  return check_unique(place, value);
}

config::Result<void> check_text(const Place& place, JsonValue value) {
  if (!value.is(JsonType::string)) return wrong_type(place, "a string", value);
  return {};
}

config::Result<void> check_optional_text(const Place& place, JsonValue value) {
  if (!value || value.is_null()) return {};
  return check_text(place, value);
}

}  // namespace providers

#pragma once
// Boost.JSON under a short name: on purpose not the JSON library of the gateway, so
// that two independent readers face each other. Values are owned; any thread.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <boost/json.hpp>

namespace simulator {

namespace js = boost::json;

// Deep enough for any tool schema a test sends; the stack holds it easily.
inline std::optional<js::value> parse_json(std::string_view text) {
  js::parse_options options;
  options.max_depth = 512;
  boost::system::error_code error;
  js::value value = js::parse(js::string_view(text.data(), text.size()), error, {}, options);
  if (error) return std::nullopt;
  return value;
}

inline const js::value* member(const js::object& object, std::string_view name) {
  return object.if_contains(js::string_view(name.data(), name.size()));
}

inline std::string_view text_of(const js::value& value) {
  if (const auto* text = value.if_string()) return {text->data(), text->size()};
  return {};
}

inline std::string_view text_of(const js::object& object, std::string_view name) {
  const auto* value = member(object, name);
  return value ? text_of(*value) : std::string_view();
}

inline bool truthy(const js::object& object, std::string_view name) {
  const auto* value = member(object, name);
  return value && value->is_bool() && value->get_bool();
}

inline std::optional<std::int64_t> integer_of(const js::object& object, std::string_view name) {
  const auto* value = member(object, name);
  if (!value) return std::nullopt;
  if (value->is_int64()) return value->get_int64();
  return std::nullopt;
}

inline js::string json_string(std::string_view text) {
  return js::string(text.data(), text.size());
}

// A number that must appear in the text exactly as given (0.0000049, not 4.9E-6).
// to_text() drops the quotes and the mark, which no text a client sends can produce.
inline js::value exact_number(std::string_view digits) {
  return json_string("\x01#" + std::string(digits));
}

std::string to_text(const js::value& value);

}  // namespace simulator

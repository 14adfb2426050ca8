#include "providers/error_json.h"

#include <string_view>

#include "providers/wire/json_writer.h"

namespace providers {
namespace {

void text_or_null(JsonWriter& json, std::string_view name, std::string_view text) {
  json.key(name);
  if (text.empty()) {
    json.null();
  } else {
    json.value(text);
  }
}

}  // namespace

void append_error_json(std::string& out, const config::Error& error) {
  const auto& shape = config::shape(error.code);
  JsonWriter json(out);
  json.begin_object().key("error").begin_object();
  json.member("message", std::string_view(error.message));
  json.member("type", shape.type);
  text_or_null(json, "param", error.param);
  text_or_null(
      json, "code",
      error.upstream_code.empty() ? shape.openai_code : std::string_view(error.upstream_code));
  json.end_object().end_object();
}

std::string error_json(const config::Error& error) {
  std::string out;
  append_error_json(out, error);
  return out;
}

void append_error_event(const config::Error& error, Body& out) {
  std::string event = "data: ";
  append_error_json(event, error);
  event += "\n\n";
  out.own(event);
}

}  // namespace providers

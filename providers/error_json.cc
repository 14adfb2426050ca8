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

std::string error_json(const config::Error& error) {
  const auto& shape = config::shape(error.code);
  std::string out;
  JsonWriter json(out);
  json.begin_object().key("error").begin_object();
  json.member("message", std::string_view(error.message));
  json.member("type", shape.type);
  text_or_null(json, "param", error.param);
  text_or_null(
      json, "code",
      error.upstream_code.empty() ? shape.openai_code : std::string_view(error.upstream_code));
  json.end_object().end_object();
  return out;
}

void append_error_event(const config::Error& error, Body& out) {
  out.own("data: ");
  out.own(error_json(error));
  out.own("\n\n");
}

}  // namespace providers

#include "gateway/http/error_body.h"

#include "providers/wire/json_writer.h"

namespace gateway::http {

void append_error_json(std::string& out, const config::Error& error) {
  const config::ErrorShape& shape = config::shape(error.code);
  const std::string_view code =
      error.upstream_code.empty() ? shape.openai_code : std::string_view(error.upstream_code);
  providers::JsonWriter json(out);
  json.begin_object().key("error").begin_object();
  json.member("message", std::string_view(error.message)).member("type", shape.type).key("param");
  error.param.empty() ? json.null() : json.value(std::string_view(error.param));
  json.key("code");
  code.empty() ? json.null() : json.value(code);
  json.end_object().end_object();
}

}  // namespace gateway::http

#include "gateway/admin/error_json.h"

#include "providers/wire/json_writer.h"

namespace gateway::admin {

std::string error_json(const config::Error& error, std::string_view request_id) {
  std::string out;
  providers::JsonWriter json(out);
  json.begin_object().key("error").begin_object();
  json.member("code", config::to_string(error.code));
  json.member("message", error.message);
  json.key("param");
  if (error.param.empty()) {
    json.null();
  } else {
    json.value(error.param);
  }
  json.member("request_id", request_id);
  json.end_object().end_object();
  return out;
}

}  // namespace gateway::admin

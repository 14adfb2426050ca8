#include "tests/support/upstream_simulator/reka.h"

#include <algorithm>
#include <array>

#include "tests/support/upstream_simulator/openai_shape.h"

namespace simulator {
namespace reka {

Reply error(unsigned status, std::string_view type, std::string_view message,
            std::string_view param) {
  js::object error{
      {"message", json_string(message)}, {"type", json_string(type)}, {"code", nullptr}};
  error["param"] = param.empty() ? js::value(nullptr) : js::value(json_string(param));
  if (!param.empty()) {
    js::array details;
    details.push_back(js::object{{"field", json_string(param)}});
    error["details"] = std::move(details);
  }
  return json_reply(status, js::serialize(js::object{{"error", std::move(error)}}));
}

Reply detail(std::string_view location, std::string_view message, std::string_view type) {
  js::array where{"body", json_string(location)};
  js::array details;
  details.push_back(js::object{
      {"loc", std::move(where)}, {"msg", json_string(message)}, {"type", json_string(type)}});
  return json_reply(422, js::serialize(js::object{{"detail", std::move(details)}}));
}

unsigned unseen_status(const Exchange& exchange, unsigned usual) {
  return static_cast<unsigned>(exchange.faults.number(fault("reject-<status>")).value_or(usual));
}

std::int64_t token_cost(const Said& said, std::int64_t in_pico, std::int64_t out_pico) {
  return said.prompt_tokens * in_pico + said.completion_tokens * out_pico;
}

std::string answer_id(const Exchange& exchange) {
  auto number = std::to_string(exchange.number);
  number.insert(0, 12 - std::min<std::size_t>(number.size(), 12), '0');
  const std::string run(exchange.run.empty() ? "7c1f0a52" : exchange.run);
  return run + "-5b1e-4f7e-9d8e-" + number;
}

namespace {

Reply method_not_allowed(std::string_view allow) {
  auto reply = json_reply(405, R"({"detail":"Method Not Allowed"})");
  reply.headers.emplace_back("allow", allow);
  return reply;
}

bool is_research(std::string_view model) {
  return model.starts_with("reka-flash-research");
}

// The classic era served these names; everything else belongs to the current one.
bool is_classic(const Exchange& exchange) {
  if (exchange.faults.has(fault("e3"))) return true;
  if (exchange.faults.has(fault("e4"))) return false;
  return exchange.model == "reka-flash" || exchange.model == "reka-edge";
}

Reply models(const Exchange& exchange) {
  constexpr std::array kIds{
      "reka-core",       "reka-flash",      "reka-edge", "reka-flash-3", "reka-edge-2603",
      "deepseek4-flash", "deepseek-v4-pro", "glm5.3",    "qwen3.8-27b",  "reka-flash-research"};
  js::array list;
  const bool bare = exchange.faults.has(fault("models-bare"));
  for (const std::string_view id : kIds) {
    js::object model{{"id", json_string(id)}};
    if (!bare) {
      model["object"] = "model";
      model["created"] = kCreated;
      model["owned_by"] = "reka";
      model["context_length"] = 65'536;
      model["max_output_length"] = 58'982;
      model["pricing"] = js::object{{"prompt", "0.0000001"}, {"completion", "0.0000002"}};
    }
    list.push_back(std::move(model));
  }
  if (bare) return json_reply(200, js::serialize(list));
  return json_reply(200, js::serialize(js::object{{"object", "list"}, {"data", std::move(list)}}));
}

class Reka final : public Dialect {
 public:
  std::string_view name() const override { return "reka"; }

  Reply answer(Exchange& exchange) const override {
    const bool right = exchange.state.key_is_right(name(), exchange.request.header("X-Api-Key")) ||
                       exchange.state.key_is_right(name(), exchange.request.bearer());
    if (!right) return refuse(401, Cause::by_status, "Unauthorized");

    const auto path = exchange.path;
    const auto& method = exchange.request.method;
    if (path == "/v1/models") return method == "GET" ? models(exchange) : method_not_allowed("GET");
    if (path != "/v1/chat" && path != "/v1/chat/completions")
      return json_reply(404, R"({"detail":"Not Found"})");
    if (method != "POST") return method_not_allowed("POST");
    if (!exchange.body) return detail("0", "JSON decode error", "json_invalid");

    if (path == "/v1/chat") return native_chat(exchange);
    if (is_research(exchange.model)) return research(exchange);
    return is_classic(exchange) ? classic_chat(exchange) : current_chat(exchange);
  }

  Reply refuse(unsigned status, Cause cause, std::string_view text) const override {
    switch (cause) {
      case Cause::credits:
        return error(429, "rate_limit_error", "P001: Insufficient Balance");
      case Cause::context:
        return error(400, "validation_error",
                     "The prompt is longer than the model's maximum context length of 65536 tokens",
                     "messages");
      case Cause::unknown_model:
        return error(status, "not_found_error", "The requested model does not exist", "model");
      case Cause::policy:
        return error(400, "validation_error", "The request was refused by the content policy");
      default:
        break;
    }
    const std::string_view type = status == 401   ? "authentication_error"
                                  : status == 403 ? "permission_error"
                                  : status == 404 ? "not_found_error"
                                  : status == 429 ? "rate_limit_error"
                                  : status >= 500 ? "server_error"
                                                  : "validation_error";
    if (!text.empty()) return error(status, type, text);
    if (status == 422) return detail("messages", "field required", "value_error.missing");
    return error(status, type, "The simulator was asked to refuse with " + std::to_string(status));
  }

  std::string failing_event() const override {
    return R"({"error":{"type":"server_error","message":"The model failed","param":null,"code":null}})";
  }

  void dress(Reply& reply, const Exchange& exchange) const override {
    reply.headers.emplace_back("X-Request-ID", "req-" + exchange.id);
  }
};

}  // namespace
}  // namespace reka

std::unique_ptr<Dialect> make_reka() {
  return std::make_unique<reka::Reka>();
}

}  // namespace simulator

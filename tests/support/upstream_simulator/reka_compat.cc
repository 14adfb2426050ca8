// Reka's OpenAI-compatible chat in its two eras: the classic one with its quirks, and the
// current one.

#include <algorithm>
#include <array>

#include "tests/support/upstream_simulator/openai_question.h"
#include "tests/support/upstream_simulator/openai_shape.h"
#include "tests/support/upstream_simulator/reka.h"

namespace simulator::reka {
namespace {

constexpr std::array<std::string_view, 7> kCurrentModels{
    "reka-flash-3", "reka-edge-2603", "deepseek4-flash", "deepseek-v4-pro",
    "glm5.3",       "glm5.3-flash",   "qwen3.8-27b"};
constexpr std::size_t kMostImages = 3;

Reply invalid(std::string_view message, std::string_view param, unsigned status = 400) {
  return error(status, "validation_error", message, param);
}

const js::array* list_of(const js::object& object, std::string_view name) {
  const auto* value = member(object, name);
  return value ? value->if_array() : nullptr;
}

bool has_tools(const js::object& body) {
  const auto* tools = list_of(body, "tools");
  return tools && !tools->empty();
}

// What both eras refuse.
std::optional<Reply> check_common(const js::object& body) {
  const auto* messages = list_of(body, "messages");
  if (!messages || messages->empty()) return invalid("messages must not be empty", "messages");
  for (const auto& message : *messages)
    if (!message.is_object()) return invalid("a message must be an object", "messages");
  if (integer_of(body, "n").value_or(1) > 1) return invalid("n must be 1", "n");
  if (truthy(body, "logprobs")) return invalid("logprobs is not supported", "logprobs");
  return std::nullopt;
}

std::optional<Reply> check_classic_message(const Exchange& exchange, const js::object& message,
                                           std::string_view before) {
  if (member(message, "tool_call_id")) return error(500, "server_error", "Internal Server Error");
  const auto role = text_of(message, "role");
  const auto status = unseen_status(exchange);
  if (role != "user" && role != "assistant")
    return invalid("role must be user or assistant", "messages", status);
  const auto expected = before == "user" ? "assistant" : "user";
  if (role != expected)
    return invalid("roles must alternate, beginning with user", "messages", status);
  const auto* content = member(message, "content");
  if (role == "user" && (!content || !(content->is_string() || content->is_array())))
    return invalid("content must be a string or a list of parts", "messages");
  return std::nullopt;
}

std::optional<Reply> check_classic(const Exchange& exchange) {
  const auto& body = *exchange.body;
  if (auto refusal = check_common(body)) return refusal;
  std::string_view before;
  for (const auto& message : body.at("messages").get_array()) {
    if (auto refusal = check_classic_message(exchange, message.get_object(), before))
      return refusal;
    before = text_of(message.get_object(), "role");
  }
  if (const auto* tools = list_of(body, "tools")) {
    for (const auto& tool : *tools)
      if (!tool.is_object() || !member(tool.get_object(), "name"))
        return detail("tools", "field required: name", "value_error.missing");
  }
  const auto* choice = member(body, "tool_choice");
  if (!choice) return std::nullopt;
  const auto word = text_of(*choice);
  if (word != "auto" && word != "none" && word != "tool")
    return invalid("tool_choice must be auto, none or tool", "tool_choice");
  return std::nullopt;
}

std::optional<Reply> check_current_format(const Exchange& exchange) {
  const auto* format = member(*exchange.body, "response_format");
  if (!format || !format->is_object()) return std::nullopt;
  const auto type = text_of(format->get_object(), "type");
  if (type == "text") return std::nullopt;
  if (type != "json_schema")
    return invalid("response_format must be json_schema", "response_format");
  if (exchange.model == "qwen3.8-27b")
    return invalid("json_schema is not supported by this model", "response_format");
  return std::nullopt;
}

std::optional<Reply> check_current_tools(const Exchange& exchange) {
  const auto* tools = list_of(*exchange.body, "tools");
  if (!tools) return std::nullopt;
  if (tools->empty()) return invalid("tools must not be empty", "tools");
  if (exchange.model == "reka-flash-3")
    return invalid("tools are not supported by this model", "tools");
  for (const auto& tool : *tools) {
    const auto* object = tool.if_object();
    const auto* function = object ? member(*object, "function") : nullptr;
    if (!function || !function->is_object() || text_of(*object, "type") != "function")
      return invalid("a tool must be {type: function, function: {…}}", "tools");
  }
  return std::nullopt;
}

std::optional<Reply> check_current(const Exchange& exchange) {
  const auto& body = *exchange.body;
  if (!knows_current_model(exchange.model))
    return error(unseen_status(exchange, 404), "not_found_error",
                 "model '" + exchange.model + "' does not exist", "model");
  if (auto refusal = check_common(body)) return refusal;
  for (const auto& message : body.at("messages").get_array()) {
    const auto role = text_of(message.get_object(), "role");
    if (role != "user" && role != "assistant" && role != "system" && role != "tool")
      return invalid("unknown role", "messages");
  }
  for (const std::string_view type : {"input_audio", "file", "audio_url", "pdf_url"})
    if (count_parts(body, type) > 0) return invalid("unsupported content part", "messages");
  if (exchange.model == "reka-edge-2603" &&
      count_parts(body, "image_url") > static_cast<int>(kMostImages))
    return invalid("at most 3 images per prompt", "messages");
  if (auto refusal = check_current_format(exchange)) return refusal;
  return check_current_tools(exchange);
}

OpenAiShape shape_of(const Exchange& exchange) {
  OpenAiShape shape;
  shape.id = "chatcmpl-" + exchange.id;
  shape.model = exchange.model;
  shape.usage = [](const Said& said) {
    auto usage = plain_usage(said);
    if (said.reasoning_tokens > 0) usage["reasoning_tokens"] = said.reasoning_tokens;
    if (said.cached_tokens > 0)
      usage["prompt_tokens_details"] = js::object{{"cached_tokens", said.cached_tokens}};
    return usage;
  };
  return shape;
}

Reply answer_with(const Exchange& exchange, const Said& said, std::int64_t in_pico,
                  std::int64_t out_pico) {
  const auto shape = shape_of(exchange);
  auto reply = truthy(*exchange.body, "stream") ? streamed_answer(shape, said, exchange.faults)
                                                : whole_answer(shape, said, exchange.faults);
  reply.accounting = {said.prompt_tokens, said.completion_tokens,
                      token_cost(said, in_pico, out_pico)};
  return reply;
}

}  // namespace

bool knows_current_model(std::string_view model) {
  return model == "mock" || std::ranges::find(kCurrentModels, model) != kCurrentModels.end() ||
         model == "reka-flash" || model == "reka-edge" || model == "reka-core";
}

Reply classic_chat(Exchange& exchange) {
  if (auto refusal = check_classic(exchange)) return std::move(*refusal);

  // The era's oddest habit: a stream with tools is empty.
  if (truthy(*exchange.body, "stream") && has_tools(*exchange.body)) {
    Reply reply;
    reply.streamed = true;
    reply.content_type = "text/event-stream";
    return reply;
  }
  const auto said = say(read_question(*exchange.body, exchange.id), exchange.faults);
  return answer_with(exchange, said, 800'000, 2'000'000);
}

Reply current_chat(Exchange& exchange) {
  if (auto refusal = check_current(exchange)) return std::move(*refusal);

  auto question = read_question(*exchange.body, exchange.id);
  question.thinks =
      exchange.model == "reka-flash-3" && text_of(*exchange.body, "reasoning_effort") != "none";
  return answer_with(exchange, say(question, exchange.faults), 100'000, 200'000);
}

}  // namespace simulator::reka

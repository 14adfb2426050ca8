#include "providers/reka_chat_answer.h"

#include <utility>

#include "providers/openai_answer.h"
#include "providers/openai_parameters.h"
#include "providers/refusal.h"
#include "providers/upstream_error.h"
#include "providers/usage_json.h"
#include "providers/wire/json_writer.h"

namespace providers::reka {
namespace {

using config::ErrorCode;
using config::Result;

// The arguments as OpenAI's string holds them.
std::string arguments_of(JsonValue call) {
  const JsonValue native = call["parameters"];
  const JsonValue given = native ? native : call["function"]["arguments"];
  if (given.is(JsonType::string)) return given.text();
  return given.is(JsonType::object) ? std::string(given.raw()) : std::string("{}");
}

void write_function(JsonWriter& json, const AnsweredCall& made) {
  json.begin_object().member("name", made.name).member("arguments", made.arguments).end_object();
}

void write_calls(JsonWriter& json, const std::vector<AnsweredCall>& calls,
                 const ChatRequest& chat) {
  if (calls.empty()) return;
  if (speaks_of_functions(chat)) {
    json.key("function_call");
    return write_function(json, calls.front());
  }
  json.key("tool_calls").begin_array();
  for (std::size_t i = 0; i < calls.size(); ++i) {
    json.begin_object();
    json.member("id", calls[i].id.empty() ? minted_call_id(chat, 0, i) : calls[i].id);
    json.member("type", "function").key("function");
    write_function(json, calls[i]);
    json.end_object();
  }
  json.end_array();
}

}  // namespace

std::vector<AnsweredCall> read_calls(JsonValue tool_calls) {
  std::vector<AnsweredCall> calls;
  for (const JsonValue call : tool_calls.elements()) {
    std::string name = call["name"].text();
    if (name.empty()) name = call["function"]["name"].text();
    calls.push_back({call["id"].text(), std::move(name), arguments_of(call)});
  }
  return calls;
}

void add_delivered(const AnsweredCall& made, DeliveredText& delivered) {
  delivered.add(0, DeliveredText::Part::call_name, made.name);
  delivered.add(0, DeliveredText::Part::call_arguments, made.arguments);
}

Finish native_finish(std::string_view upstream, bool called_tools) {
  Finish finish = finish_of(upstream, called_tools);
  if (called_tools && !finish.failed) finish.reason = "tool_calls";
  return finish;
}

bool is_refusal(JsonValue root) {
  const JsonValue detail = root["detail"];
  return holds_error(root) || (detail && !detail.is_null() && !root["responses"]);
}

Result<Completion> native_completion(const Call& call, const AnswerHead& head,
                                     std::string_view body) {
  const ChatRequest& chat = call.chat;
  JsonDocument& document = call.json.document;
  if (!document.read(body)) {
    return config::failure(ErrorCode::upstream_garbled, "The upstream's answer is not JSON.",
                           std::string(to_string(document.fault())));
  }
  const JsonValue root = document.root();
  if (is_refusal(root)) return upstream_error_inside(call, head, root);
  const JsonValue response = root["responses"][0];
  const JsonValue message = response["message"];
  if (!message.is(JsonType::object)) {
    return config::failure(ErrorCode::upstream_garbled, "The upstream answered without a message.");
  }
  const std::string upstream_finish = response["finish_reason"].text();
  const auto calls = read_calls(message["tool_calls"]);
  const Finish finish = native_finish(upstream_finish, !calls.empty());
  if (finish.failed) {
    return config::failure(ErrorCode::upstream_unavailable, "The upstream failed.",
                           "finish_reason " + upstream_finish);
  }

  Completion out;
  out.upstream_id = root["id"].text();
  out.upstream_model = root["model"].text();
  const std::string content = message["content"].text();
  read_usage(root["usage"], out.usage);
  if (lacks_tokens(chat, out.usage)) {
    DeliveredText delivered;
    delivered.add(0, DeliveredText::Part::content, content);
    for (const AnsweredCall& made : calls) add_delivered(made, delivered);
    complete_usage(call, delivered, out.usage);
  }

  std::string text;
  JsonWriter json(text);
  json.begin_object();
  json.member("id", out.upstream_id.empty() ? chat.answer_id : out.upstream_id);
  json.member("object", "chat.completion").member("created", chat.created);
  json.member("model", chat.model).key("choices").begin_array().begin_object();
  json.member("index", 0).key("message").begin_object().member("role", "assistant");
  json.key("content");
  if (content.empty() && !calls.empty()) {
    json.null();
  } else {
    json.value(content);
  }
  json.key("refusal").null();
  write_calls(json, calls, chat);
  json.end_object().key("logprobs").null();
  const bool function = speaks_of_functions(chat) && finish.reason == "tool_calls";
  json.member("finish_reason", function ? "function_call" : finish.reason);
  if (!finish.known) json.member("native_finish_reason", upstream_finish);
  json.end_object().end_array();
  std::string usage;
  append_usage(usage, out.usage, call.cost_with(out.usage), root["usage"]);
  json.raw_member("usage", usage).end_object();
  out.body.own(text);
  return out;
}

}  // namespace providers::reka

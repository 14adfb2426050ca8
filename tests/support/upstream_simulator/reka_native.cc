// Reka's native chat: POST /v1/chat, messages in, responses out, a stream whose chunks
// carry the whole text so far and that has no [DONE].

#include <algorithm>
#include <array>

#include "tests/support/upstream_simulator/openai_question.h"
#include "tests/support/upstream_simulator/reka.h"
#include "tests/support/upstream_simulator/usage_plan.h"

namespace simulator::reka {
namespace {

constexpr std::array<std::string_view, 12> kMembers{
    "messages",         "model", "stream",      "max_tokens",
    "temperature",      "top_p", "top_k",       "frequency_penalty",
    "presence_penalty", "tools", "tool_choice", "use_search_engine"};

std::optional<Reply> check_part(const js::value& part) {
  const auto* object = part.if_object();
  if (!object) return detail("messages", "a part must be an object", "type_error.dict");
  const auto type = text_of(*object, "type");
  if (type == "text")
    return text_of(*object, "text").data()
               ? std::nullopt
               : std::optional(detail("messages", "field required", "value_error.missing"));
  if (type != "image_url" && type != "video_url" && type != "audio_url" && type != "pdf_url")
    return detail("messages", "unknown part type", "value_error.const");
  const auto* media = member(*object, type);
  if (!media || !media->is_string())
    return detail("messages", "str type expected", "type_error.str");
  if (object->size() != 2)
    return detail("messages", "extra fields not permitted", "value_error.extra");
  return std::nullopt;
}

std::optional<Reply> check_outputs(const js::value* content) {
  const auto* list = content ? content->if_array() : nullptr;
  if (!list) return detail("messages", "value is not a valid list", "type_error.list");
  for (const auto& output : *list) {
    const auto* object = output.if_object();
    const bool good = object && member(*object, "tool_call_id") &&
                      member(*object, "tool_call_id")->is_string() && member(*object, "output") &&
                      member(*object, "output")->is_string();
    if (!good) return detail("messages", "tool_call_id and output are required", "value_error");
  }
  return std::nullopt;
}

std::optional<Reply> check_calls(const js::object& message) {
  const auto* calls = member(message, "tool_calls");
  if (!calls || calls->is_null()) return std::nullopt;
  if (!calls->is_array()) return detail("messages", "value is not a valid list", "type_error.list");
  for (const auto& call : calls->get_array()) {
    const auto* object = call.if_object();
    const auto* parameters = object ? member(*object, "parameters") : nullptr;
    if (!object || !member(*object, "name") || !parameters || !parameters->is_object())
      return detail("messages", "tool_calls need name and an object of parameters",
                    "type_error.dict");
  }
  return std::nullopt;
}

std::optional<Reply> check_message(const js::value& message) {
  const auto* object = message.if_object();
  if (!object) return detail("messages", "value is not a valid dict", "type_error.dict");
  const auto role = text_of(*object, "role");
  const auto* content = member(*object, "content");
  if (role == "tool_output") return check_outputs(content);
  if (role != "user" && role != "assistant" && role != "system")
    return detail("messages", "role must be user, assistant, system or tool_output",
                  "value_error.const");
  if (auto refusal = check_calls(*object)) return refusal;
  if (!content || content->is_null()) {
    if (role == "assistant" && member(*object, "tool_calls")) return std::nullopt;
    return detail("messages", "field required", "value_error.missing");
  }
  if (content->is_string()) return std::nullopt;
  if (!content->is_array()) return detail("messages", "str type expected", "type_error.str");
  for (const auto& part : content->get_array())
    if (auto refusal = check_part(part)) return refusal;
  return std::nullopt;
}

std::optional<Reply> check_tools(const js::object& body) {
  if (const auto* tools = member(body, "tools")) {
    if (!tools->is_array()) return detail("tools", "value is not a valid list", "type_error.list");
    for (const auto& tool : tools->get_array()) {
      const auto* object = tool.if_object();
      if (!object || !member(*object, "name") || member(*object, "function"))
        return detail("tools", "field required: name", "value_error.missing");
    }
  }
  const auto* choice = member(body, "tool_choice");
  if (!choice || choice->is_null()) return std::nullopt;
  const auto word = text_of(*choice);
  if (word != "auto" && word != "none" && word != "tool")
    return detail("tool_choice", "unexpected value; permitted: 'auto', 'none', 'tool'",
                  "value_error.const");
  return std::nullopt;
}

std::optional<Reply> check(const js::object& body) {
  const auto* messages = member(body, "messages");
  if (!messages) return detail("messages", "field required", "value_error.missing");
  if (!messages->is_array() || messages->get_array().empty())
    return detail("messages", "value is not a valid list", "type_error.list");
  if (text_of(body, "model").empty())
    return detail("model", "field required", "value_error.missing");
  for (const auto& entry : body) {
    const std::string_view name(entry.key().data(), entry.key().size());
    if (name != "stop" && name != "seed" && std::ranges::find(kMembers, name) == kMembers.end())
      return detail(name, "extra fields not permitted", "value_error.extra");
  }
  if (const auto* stop = member(body, "stop"); stop && !stop->is_null() && !stop->is_array())
    return detail("stop", "value is not a valid list", "type_error.list");
  for (const auto& message : messages->get_array())
    if (auto refusal = check_message(message)) return refusal;
  return check_tools(body);
}

js::object usage_of(const Said& said) {
  return {{"input_tokens", said.prompt_tokens}, {"output_tokens", said.completion_tokens}};
}

js::array calls_of(const Said& said, const Faults& faults) {
  js::array calls;
  for (const auto& call : said.calls) {
    js::object json;
    if (!faults.has(fault("no-tool-id"))) json["id"] = json_string(call.id);
    json["name"] = json_string(call.name);
    json["parameters"] = call.arguments;
    calls.push_back(std::move(json));
  }
  return calls;
}

// The native API knows stop, length and context only; tool calls have no reason of their own.
js::value finish_of(const Said& said) {
  if (said.finish.empty()) return nullptr;
  return json_string(said.finish == "tool_calls" ? "stop" : said.finish);
}

class NativeAnswer {
 public:
  NativeAnswer(const Exchange& exchange, const Said& said)
      : exchange_(exchange), said_(said), id_(answer_id(exchange)) {}

  Reply whole() const {
    js::object message{{"role", "assistant"}, {"content", json_string(said_.whole_text())}};
    if (!said_.calls.empty()) message["tool_calls"] = calls_of(said_, exchange_.faults);
    return json_reply(200, envelope("message", std::move(message), finish_of(said_), said_));
  }

  Reply stream() const {
    Reply reply;
    reply.streamed = true;
    reply.content_type = "text/event-stream; charset=utf-8";
    const bool deltas = exchange_.faults.has(fault("native-delta"));
    std::string so_far;
    for (std::size_t at = 0; at < said_.text.size(); ++at) {
      const bool last = at + 1 == said_.text.size() && said_.calls.empty();
      so_far += said_.text[at];
      js::object chunk{{"role", "assistant"},
                       {"content", json_string(deltas ? said_.text[at] : shown(so_far, at, last))}};
      Said counted = said_;
      counted.completion_tokens = static_cast<std::int64_t>(at) + 1;
      reply.events.push_back({last ? EventKind::finish : EventKind::content,
                              envelope("chunk", std::move(chunk),
                                       last ? finish_of(said_) : js::value(nullptr), counted)});
    }
    if (!said_.calls.empty() || said_.text.empty()) {
      js::object chunk{{"role", "assistant"}, {"content", ""}};
      if (!said_.calls.empty()) chunk["tool_calls"] = calls_of(said_, exchange_.faults);
      reply.events.push_back(
          {EventKind::finish, envelope("chunk", std::move(chunk), finish_of(said_), said_)});
    }
    if (exchange_.faults.has(fault("native-done")))
      reply.events.push_back({EventKind::done, "[DONE]"});
    return reply;
  }

 private:
  std::string shown(const std::string& so_far, std::size_t at, bool last) const {
    if (last) return so_far;
    if (at == 2 && exchange_.faults.has(fault("native-half-character"))) return so_far + "\uFFFD";
    if (at == 2 && exchange_.faults.has(fault("native-rewrite"))) return "#" + so_far.substr(1);
    return so_far;
  }

  std::string envelope(std::string_view member_name, js::object message, js::value finish,
                       const Said& counted) const {
    js::object response;
    response[json_string(member_name)] = std::move(message);
    response["finish_reason"] = std::move(finish);
    js::array responses;
    responses.push_back(std::move(response));
    js::object json;
    if (!exchange_.faults.has(fault("no-id"))) json["id"] = json_string(id_);
    json["model"] = json_string(exchange_.model);
    json["responses"] = std::move(responses);
    if (auto usage = bend_usage(usage_of(counted), exchange_.faults))
      json["usage"] = std::move(*usage);
    return to_text(json);
  }

  const Exchange& exchange_;
  const Said& said_;
  const std::string id_;
};

}  // namespace

Reply native_chat(Exchange& exchange) {
  if (auto refusal = check(*exchange.body)) return std::move(*refusal);

  auto said = say(read_question(*exchange.body, exchange.id), exchange.faults);
  if (!said.text.empty() && !said.text[0].starts_with(' ')) said.text[0].insert(0, " ");

  const NativeAnswer answer(exchange, said);
  auto reply = truthy(*exchange.body, "stream") ? answer.stream() : answer.whole();
  reply.accounting = {said.prompt_tokens, said.completion_tokens,
                      token_cost(said, 10'000'000, 25'000'000)};
  return reply;
}

}  // namespace simulator::reka

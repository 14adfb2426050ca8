// Reka Research: web search, steps of reasoning, citations, priced per request.

#include <algorithm>

#include "tests/support/upstream_simulator/openai_question.h"
#include "tests/support/upstream_simulator/openai_shape.h"
#include "tests/support/upstream_simulator/reka.h"

namespace simulator::reka {
namespace {

constexpr std::int64_t kPicoPerRequest = 25'000'000'000;  // 25 USD per thousand
constexpr std::int64_t kPicoLow = 35'000'000'000;
constexpr std::int64_t kPicoHigh = 60'000'000'000;

Reply invalid(std::string_view message, std::string_view param) {
  return error(400, "validation_error", message, param);
}

const js::object* object_in(const js::object* object, std::string_view name) {
  const auto* value = object ? member(*object, name) : nullptr;
  return value ? value->if_object() : nullptr;
}

std::string_view thinking_mode(const js::object& body) {
  const auto* thinking = object_in(object_in(&body, "research"), "parallel_thinking");
  const auto mode = thinking ? text_of(*thinking, "mode") : std::string_view();
  return mode.empty() ? "none" : mode;
}

bool name_is_legal(std::string_view name) {
  const auto legal = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
  };
  return !name.empty() && name.size() <= 64 && std::ranges::all_of(name, legal);
}

std::optional<Reply> check_messages(const js::object& body) {
  const auto* messages = member(body, "messages");
  if (!messages || !messages->is_array() || messages->get_array().empty())
    return invalid("messages must not be empty", "messages");
  for (const auto& message : messages->get_array()) {
    const auto* object = message.if_object();
    const auto role = object ? text_of(*object, "role") : std::string_view();
    if (role != "user" && role != "assistant")
      return invalid("role must be user or assistant", "messages");
    const auto* content = member(*object, "content");
    if (!content || !content->is_string()) return invalid("content must be a string", "messages");
  }
  return std::nullopt;
}

std::optional<Reply> check_search(const js::object* search) {
  if (!search) return std::nullopt;
  if (member(*search, "allowed_domains") && member(*search, "blocked_domains"))
    return invalid("allowed_domains and blocked_domains exclude each other", "research");
  const auto* uses = member(*search, "max_uses");
  if (uses && !uses->is_int64()) return invalid("max_uses must be an integer", "research");
  const auto* location = object_in(search, "user_location");
  if (location &&
      (text_of(*location, "type") != "approximate" || !object_in(location, "approximate")))
    return invalid("user_location must be approximate", "research");
  return std::nullopt;
}

std::optional<Reply> check(const js::object& body) {
  if (auto refusal = check_messages(body)) return refusal;
  const auto* research = member(body, "research");
  if (research && !research->is_object()) return invalid("research must be an object", "research");
  if (auto refusal = check_search(object_in(object_in(&body, "research"), "web_search")))
    return refusal;
  const auto mode = thinking_mode(body);
  if (mode != "none" && mode != "low" && mode != "high")
    return invalid("parallel_thinking.mode must be none, low or high", "research");
  if (mode != "none" && truthy(body, "stream"))
    return invalid("parallel_thinking cannot be streamed", "stream");
  if (const auto* format = object_in(&body, "response_format")) {
    if (text_of(*format, "type") != "json_schema")
      return invalid("response_format must be json_schema", "response_format");
    const auto* schema = object_in(format, "json_schema");
    if (!schema || !name_is_legal(text_of(*schema, "name")))
      return invalid("json_schema.name is missing or illegal", "response_format");
  }
  return std::nullopt;
}

js::array steps_of(std::string_view query) {
  js::array calls;
  calls.push_back(js::object{
      {"id", "s1"}, {"name", "search_web"}, {"args", js::object{{"query", json_string(query)}}}});
  js::array found;
  found.push_back(js::object{{"url", "https://e.example/1"},
                             {"title", "Grüße"},
                             {"snippet", "What was found."},
                             {"age", "3 days"}});
  js::array urls;
  urls.push_back("https://e.example/1");
  js::array analyses;
  analyses.push_back(
      js::object{{"id", "a1"},
                 {"name", "analyze"},
                 {"args", js::object{{"urls", std::move(urls)}, {"task", "find the answer"}}}});

  js::array steps;
  steps.push_back(js::object{{"role", "assistant"},
                             {"reasoning_content", "Search first."},
                             {"tool_calls", std::move(calls)}});
  steps.push_back(js::object{{"role", "tool"},
                             {"tool_call_id", "s1"},
                             {"content", js::object{{"tool_name", "search_web"},
                                                    {"tool_output", std::move(found)},
                                                    {"tool_error", nullptr}}}});
  steps.push_back(js::object{{"role", "assistant"}, {"tool_calls", std::move(analyses)}});
  return steps;
}

js::array citations() {
  js::array list;
  list.push_back(js::object{{"type", "url_citation"},
                            {"url_citation", js::object{{"start_index", 4},
                                                        {"end_index", 7},
                                                        {"url", "https://e.example/1"},
                                                        {"title", "Grüße"}}}});
  return list;
}

class ResearchAnswer {
 public:
  ResearchAnswer(const Exchange& exchange, const Said& said, std::string_view query)
      : exchange_(exchange), said_(said), steps_(steps_of(query)) {}

  Reply whole() const {
    js::object message{{"role", "assistant"},
                       {"content", json_string(said_.whole_text())},
                       {"reasoning_content", "Compare the sources."},
                       {"reasoning_steps", steps_},
                       {"annotations", citations()},
                       {"audio", nullptr},
                       {"function_call", nullptr},
                       {"tool_calls", nullptr}};
    js::array choices;
    choices.push_back(js::object{{"index", 0},
                                 {"finish_reason", "stop"},
                                 {"logprobs", nullptr},
                                 {"message", std::move(message)}});
    auto json = frame();
    json["choices"] = std::move(choices);
    if (auto usage = bend_usage(plain_usage(said_), exchange_.faults)) json["usage"] = *usage;
    return json_reply(200, to_text(json));
  }

  Reply stream() const {
    Reply reply;
    reply.streamed = true;
    reply.content_type = "text/event-stream";
    js::array so_far;
    for (const auto& step : steps_) {
      if (exchange_.faults.has(fault("steps-newest"))) so_far.clear();
      so_far.push_back(step);
      js::object delta{{"role", "assistant"}, {"reasoning_steps", so_far}};
      reply.events.push_back({EventKind::reasoning, chunk(std::move(delta), nullptr)});
    }
    js::object thought{{"role", "assistant"}, {"reasoning_content", "Compare the sources."}};
    reply.events.push_back({EventKind::reasoning, chunk(std::move(thought), nullptr)});
    for (const auto& piece : said_.text) {
      js::object delta{{"role", "assistant"}, {"content", json_string(piece)}};
      reply.events.push_back({EventKind::content, chunk(std::move(delta), nullptr)});
    }
    js::object last{{"role", "assistant"}, {"annotations", citations()}};
    reply.events.push_back({EventKind::finish, chunk(std::move(last), "stop")});
    if (auto usage = bend_usage(plain_usage(said_), exchange_.faults)) {
      auto json = frame();
      json["object"] = "chat.completion.chunk";
      json["choices"] = js::array();
      json["usage"] = std::move(*usage);
      reply.events.push_back({EventKind::usage, to_text(json)});
    }
    reply.events.push_back({EventKind::done, "[DONE]"});
    return reply;
  }

 private:
  js::object frame() const {
    return {{"id", json_string(answer_id(exchange_))},
            {"created", kCreated},
            {"model", json_string(exchange_.model)}};
  }

  std::string chunk(js::object delta, js::value finish) const {
    js::array choices;
    choices.push_back(js::object{
        {"index", 0}, {"delta", std::move(delta)}, {"finish_reason", std::move(finish)}});
    auto json = frame();
    json["object"] = "chat.completion.chunk";
    json["choices"] = std::move(choices);
    json["usage"] = nullptr;
    return to_text(json);
  }

  const Exchange& exchange_;
  const Said& said_;
  const js::array steps_;
};

}  // namespace

Reply research(Exchange& exchange) {
  if (auto refusal = check(*exchange.body)) return std::move(*refusal);

  const auto question = read_question(*exchange.body, exchange.id);
  const auto said = say(question, exchange.faults);
  const ResearchAnswer answer(exchange, said, question.last_user_text);
  auto reply = truthy(*exchange.body, "stream") ? answer.stream() : answer.whole();
  const auto mode = thinking_mode(*exchange.body);
  reply.accounting = {said.prompt_tokens, said.completion_tokens,
                      mode == "high"  ? kPicoHigh
                      : mode == "low" ? kPicoLow
                                      : kPicoPerRequest};
  return reply;
}

}  // namespace simulator::reka

#include "tests/support/upstream_simulator/openai_shape.h"

namespace simulator {
namespace {

struct Piece {
  EventKind kind;
  std::string text;
};

// Knobs that override what the dialect usually does.
void apply_knobs(OpenAiShape& shape, const Faults& faults) {
  if (faults.has(fault("inline-tags"))) shape.inline_tags = true;
  if (faults.has(fault("no-inline-tags"))) shape.inline_tags = false;
  if (faults.has(fault("reasoning-field"))) shape.reasoning_member = "reasoning";
  if (faults.has(fault("reasoning-content-field"))) shape.reasoning_member = "reasoning_content";
  if (faults.has(fault("dated-model"))) shape.model += "-20250312";
  if (faults.has(fault("role-once"))) shape.role_every_chunk = false;
}

// Reasoning that travels inside the content becomes text, its tags cut in odd places.
void inline_reasoning(Said& said, const Faults& faults) {
  if (said.reasoning.empty()) return;
  std::vector<std::string> text{"<rea", "soning>"};
  text.insert(text.end(), said.reasoning.begin(), said.reasoning.end());
  if (faults.has(fault("open-reasoning"))) {
    said.finish = "length";
  } else {
    text.insert(text.end(), {" </", "reasoning", ">\n\n"});
    text.insert(text.end(), said.text.begin(), said.text.end());
  }
  said.text = std::move(text);
  said.reasoning.clear();
}

void prepare(OpenAiShape& shape, Said& said, const Faults& faults) {
  apply_knobs(shape, faults);
  if (shape.inline_tags) inline_reasoning(said, faults);
  if (faults.has(fault("trailing-sep"))) {
    said.text.emplace_back(" <s");
    said.text.emplace_back("ep>");
  }
}

js::object frame(const OpenAiShape& shape, std::string_view object, const Faults& faults) {
  js::object json;
  if (!faults.has(fault("no-id"))) json["id"] = json_string(shape.id);
  if (!faults.has(fault("no-object"))) json["object"] = json_string(object);
  if (!faults.has(fault("no-created"))) json["created"] = kCreated;
  json["model"] = json_string(shape.model);
  for (const auto& extra : shape.extras) json[extra.key()] = extra.value();
  return json;
}

void add_reasoning(js::object& to, const OpenAiShape& shape, std::string_view text,
                   const Faults& faults) {
  to[shape.reasoning_member] = json_string(text);
  if (faults.has(fault("reasoning-both-fields"))) {
    to["reasoning"] = json_string(text);
    to["reasoning_content"] = json_string(text);
  }
  if (shape.reasoning_details) to["reasoning_details"] = reasoning_details(text);
}

std::string arguments_text(const ToolCall& call, const Faults& faults) {
  auto text = js::serialize(call.arguments);
  if (faults.has(fault("tool-arguments-cut"))) text.resize(text.size() / 2);
  return text;
}

js::value finish_value(const Said& said) {
  return said.finish.empty() ? js::value(nullptr) : js::value(json_string(said.finish));
}

js::object message_of(const OpenAiShape& shape, const Said& said, const Faults& faults) {
  js::object message{{"role", "assistant"}, {"content", nullptr}};
  if (said.calls.empty() && !faults.has(fault("null-content")))
    message["content"] = json_string(said.whole_text());
  if (shape.nulls) message["refusal"] = nullptr;
  if (!said.reasoning.empty()) add_reasoning(message, shape, said.whole_reasoning(), faults);
  if (said.calls.empty()) return message;
  js::array calls;
  for (const auto& call : said.calls) {
    js::object json;
    if (!faults.has(fault("no-tool-id"))) json["id"] = json_string(call.id);
    json["type"] = "function";
    json["function"] = js::object{{"name", json_string(call.name)},
                                  {"arguments", json_string(arguments_text(call, faults))}};
    calls.push_back(std::move(json));
  }
  message["tool_calls"] = std::move(calls);
  return message;
}

// Builds the chunks of one stream in order.
class ChunkWriter {
 public:
  ChunkWriter(const OpenAiShape& shape, const Said& said, const Faults& faults, Reply& reply)
      : shape_(shape),
        said_(said),
        faults_(faults),
        reply_(reply),
        plan_(plan_usage(shape.usage_place, faults)) {}

  void opening(std::int64_t index) {
    js::object delta{{"role", "assistant"}, {"content", ""}};
    emit(EventKind::role, std::move(delta), index);
  }

  void piece(const Piece& piece, std::int64_t index) {
    js::object delta;
    if (role_is_due()) delta["role"] = "assistant";
    if (piece.kind == EventKind::reasoning) {
      if (shape_.empty_content_beside_reasoning) delta["content"] = "";
      add_reasoning(delta, shape_, piece.text, faults_);
    } else {
      delta["content"] = json_string(piece.text);
    }
    ++said_so_far_;
    emit(piece.kind, std::move(delta), index);
  }

  void call(const ToolCall& call, std::int64_t slot, std::int64_t index) {
    js::object opening;
    if (!faults_.has(fault("no-index"))) opening["index"] = slot;
    if (!faults_.has(fault("no-tool-id"))) opening["id"] = json_string(call.id);
    opening["type"] = "function";
    opening["function"] = js::object{{"name", json_string(call.name)}, {"arguments", ""}};
    tool_delta(std::move(opening), index);
    const auto text = arguments_text(call, faults_);
    for (std::size_t at = 0; at < text.size();) {
      auto end = std::min(at + 6, text.size());
      while (end < text.size() && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) ++end;
      js::object more;
      if (!faults_.has(fault("no-index"))) more["index"] = slot;
      more["function"] = js::object{{"arguments", json_string(text.substr(at, end - at))}};
      tool_delta(std::move(more), index);
      at = end;
    }
  }

  void finish(std::int64_t index) {
    js::object delta;
    if (shape_.role_every_chunk) {
      delta["role"] = "assistant";
      delta["content"] = "";
    }
    const bool with_usage = plan_.place == UsagePlace::on_finish && index + 1 == shape_.choices;
    if (said_.finish.empty()) {
      if (with_usage) emit(EventKind::finish, std::move(delta), index, std::nullopt, true);
      return;
    }
    emit(EventKind::finish, std::move(delta), index, finish_value(said_), with_usage);
  }

  void usage() {
    if (plan_.place != UsagePlace::empty_choices && plan_.place != UsagePlace::empty_delta) return;
    if (plan_.twice) usage_chunk(true);
    usage_chunk(false);
  }

 private:
  bool role_is_due() const {
    return shape_.role_every_chunk || (!shape_.opening_chunk && said_so_far_ == 0);
  }

  void tool_delta(js::object call, std::int64_t index) {
    js::object delta;
    if (role_is_due()) delta["role"] = "assistant";
    if (shape_.role_every_chunk) delta["content"] = nullptr;
    js::array calls;
    calls.push_back(std::move(call));
    delta["tool_calls"] = std::move(calls);
    ++said_so_far_;
    emit(EventKind::tool, std::move(delta), index);
  }

  std::optional<js::value> running_usage() const {
    Said so_far = said_;
    so_far.completion_tokens = std::min(said_so_far_, said_.completion_tokens);
    so_far.reasoning_tokens = std::min(so_far.completion_tokens, said_.reasoning_tokens);
    return bend_usage(shape_.usage(so_far), faults_);
  }

  void emit(EventKind kind, js::object delta, std::int64_t index,
            std::optional<js::value> finish_reason = std::nullopt, bool with_usage = false) {
    js::object choice{{"index", index}, {"delta", std::move(delta)}};
    if (shape_.nulls) choice["logprobs"] = nullptr;
    if (finish_reason) {
      choice["finish_reason"] = *finish_reason;
      if (shape_.native_finish) choice["native_finish_reason"] = *finish_reason;
      for (const auto& extra : shape_.finish_extras) choice[extra.key()] = extra.value();
    } else if (shape_.nulls) {
      choice["finish_reason"] = nullptr;
      if (shape_.native_finish) choice["native_finish_reason"] = nullptr;
    }
    auto json = frame(shape_, "chat.completion.chunk", faults_);
    js::array choices;
    choices.push_back(std::move(choice));
    json["choices"] = std::move(choices);

    const bool first = plan_.first && reply_.events.empty();
    if (with_usage || first) {
      if (auto usage = bend_usage(shape_.usage(said_), faults_)) json["usage"] = std::move(*usage);
    } else if (plan_.every_chunk) {
      if (auto usage = running_usage()) json["usage"] = std::move(*usage);
    }
    reply_.events.push_back({kind, to_text(json)});
  }

  void usage_chunk(bool wrong) {
    auto json = frame(shape_, "chat.completion.chunk", faults_);
    js::array choices;
    if (plan_.place == UsagePlace::empty_delta) {
      js::object delta;
      if (shape_.role_every_chunk) delta = {{"role", "assistant"}, {"content", ""}};
      js::object choice{{"index", 0}, {"delta", std::move(delta)}};
      if (shape_.nulls) choice["finish_reason"] = nullptr;
      choices.push_back(std::move(choice));
    }
    json["choices"] = std::move(choices);
    Said counted = said_;
    if (wrong) counted.completion_tokens = 1;
    auto usage = bend_usage(shape_.usage(counted), faults_);
    if (!usage) return;
    json["usage"] = std::move(*usage);
    reply_.events.push_back({EventKind::usage, to_text(json)});
  }

  const OpenAiShape& shape_;
  const Said& said_;
  const Faults& faults_;
  Reply& reply_;
  const UsagePlan plan_;
  std::int64_t said_so_far_ = 0;
};

}  // namespace

js::object plain_usage(const Said& said) {
  return {{"prompt_tokens", said.prompt_tokens},
          {"completion_tokens", said.completion_tokens},
          {"total_tokens", said.prompt_tokens + said.completion_tokens}};
}

js::array reasoning_details(std::string_view text) {
  js::array details;
  details.push_back(js::object{{"type", "reasoning.text"},
                               {"text", json_string(text)},
                               {"format", "unknown"},
                               {"index", 0}});
  return details;
}

Reply whole_answer(OpenAiShape shape, Said said, const Faults& faults) {
  prepare(shape, said, faults);
  auto json = frame(shape, "chat.completion", faults);
  if (shape.nulls) json["system_fingerprint"] = nullptr;
  js::array choices;
  for (std::int64_t index = 0; index < shape.choices; ++index) {
    js::object choice{{"index", index}};
    if (shape.nulls) choice["logprobs"] = nullptr;
    choice["finish_reason"] = finish_value(said);
    if (shape.native_finish) choice["native_finish_reason"] = finish_value(said);
    choice["message"] = message_of(shape, said, faults);
    choices.push_back(std::move(choice));
  }
  json["choices"] = std::move(choices);
  if (shape.whole_usage)
    if (auto usage = bend_usage(shape.usage(said), faults)) json["usage"] = std::move(*usage);
  return json_reply(200, to_text(json));
}

Reply streamed_answer(OpenAiShape shape, Said said, const Faults& faults) {
  prepare(shape, said, faults);
  Reply reply;
  reply.streamed = true;
  reply.content_type = "text/event-stream";
  ChunkWriter write(shape, said, faults, reply);
  for (std::int64_t index = 0; index < shape.choices; ++index) {
    if (shape.opening_chunk) write.opening(index);
    for (const auto& text : said.reasoning) write.piece({EventKind::reasoning, text}, index);
    if (said.calls.empty())
      for (const auto& text : said.text) write.piece({EventKind::content, text}, index);
    std::int64_t slot = 0;
    for (const auto& call : said.calls) write.call(call, slot++, index);
    write.finish(index);
  }
  write.usage();
  reply.events.push_back({EventKind::done, "[DONE]"});
  return reply;
}

}  // namespace simulator

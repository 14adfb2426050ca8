#include "providers/openai_parameters.h"

#include <algorithm>
#include <array>
#include <initializer_list>

#include <fmt/format.h>

#include "providers/wire/json_text.h"
#include "providers/wire/json_writer.h"

namespace providers {
namespace {

using config::Error;
using config::Result;

// Members that LiteLLM-like upstreams obey, and that choose where a key is sent, or
// whose. Never sent on, to anyone. (Plainer names for the same never get this far:
// read_chat_request refuses them.)
constexpr std::array<std::string_view, 8> kNeverSent{
    "api_key",       "api_version", "custom_llm_provider", "extra_body",
    "extra_headers", "fallbacks",   "litellm_metadata",    "litellm_params"};

bool given(const RequestDraft& draft, std::string_view key) {
  const auto raw = draft.find(key);
  return !raw.empty() && raw != "null";
}

// Where the first content part of a type stands: "messages[2].content[0]".
std::string place_of_part(const Call& call, std::initializer_list<std::string_view> types) {
  if (!call.json.document.read(call.chat.bytes)) return "messages";
  int message_index = 0;
  for (JsonValue message : call.json.document.root()["messages"].elements()) {
    int part_index = 0;
    for (JsonValue part : message["content"].elements()) {
      for (const auto type : types) {
        if (part["type"].equals(type)) {
          return fmt::format("messages[{}].content[{}]", message_index, part_index);
        }
      }
      ++part_index;
    }
    ++message_index;
  }
  return "messages";
}

Error cannot_take(const Call& call, std::string_view what, std::string param) {
  auto message = fmt::format("The model '{}' does not take {} ({}).", call.chat.model, what, param);
  return config::unsupported_parameter(std::move(message), std::move(param));
}

Result<void> check_media(const Call& call) {
  const Features& wants = call.chat.wants;
  const config::Capabilities& can = call.target.can;
  if (wants.images && !can.images) {
    return cannot_take(call, "images", place_of_part(call, {"image_url"}));
  }
  if (wants.video && !can.video) {
    return cannot_take(call, "video", place_of_part(call, {"video_url"}));
  }
  if (wants.audio && !can.audio) {
    return cannot_take(call, "audio", place_of_part(call, {"input_audio", "audio_url"}));
  }
  if (wants.files && !can.files) {
    return cannot_take(call, "files", place_of_part(call, {"file", "pdf_url"}));
  }
  if (can.max_images > 0 && wants.image_count > can.max_images) {
    return cannot_take(call, fmt::format("more than {} images", can.max_images), "messages");
  }
  return {};
}

// A bare string becomes an array where that is wanted, and the target's own stop
// strings are added.
void apply_stop(const Call& call, const Dialect& dialect, RequestDraft& draft) {
  const auto& own = call.target.can.stop;
  const auto raw = draft.find("stop");
  const bool any = !raw.empty() && raw != "null";
  const bool bare = any && raw.front() == '"';
  if (own.empty() && !(bare && dialect.stop_as_array)) return;

  std::string merged;
  JsonWriter json(merged);
  json.begin_array();
  auto& document = call.json.nested;
  if (any && document.read(raw)) {
    const JsonValue stop = document.root();
    if (bare) json.raw(raw);
    for (JsonValue text : stop.elements()) json.raw(text.raw());
    for (const auto& text : own) {
      bool there = stop.equals(text);
      for (JsonValue other : stop.elements()) there = there || other.equals(text);
      if (!there) json.value(std::string_view(text));
    }
  } else {
    for (const auto& text : own) json.value(std::string_view(text));
  }
  json.end_array();
  draft.set("stop", merged);
}

// Empty tools break routers (haimaker) and mean nothing: they go, and so does the
// choice among them.
Result<void> apply_tools(const Call& call, RequestDraft& draft) {
  if (given(draft, "tools") && !call.chat.wants.tools) draft.drop("tools");
  if (given(draft, "tools")) return {};
  draft.drop("parallel_tool_calls");
  const auto choice = draft.find("tool_choice");
  const bool harmless =
      choice.empty() || choice == "null" || choice == R"("none")" || choice == R"("auto")";
  if (!harmless && !call.target.can.tools) return cannot(call, "tool_choice");
  if (harmless) draft.drop("tool_choice");
  return {};
}

void apply_length(const Call& call, RequestDraft& draft) {
  if (!draft.has("max_completion_tokens")) return;
  if (given(draft, "max_completion_tokens")) draft.drop("max_tokens");
  if (call.target.can.max_completion_tokens) return;
  if (given(draft, "max_completion_tokens")) {
    draft.rename("max_completion_tokens", "max_tokens");
  } else {
    draft.drop("max_completion_tokens");
  }
}

// OpenRouter's `reasoning` and OpenAI's `reasoning_effort` say the same in two ways, and
// both at once are refused upstream.
void apply_reasoning(const Call& call, const Dialect& dialect, RequestDraft& draft) {
  const bool takes_effort = call.target.can.reasoning_effort;
  if (given(draft, "reasoning")) {
    if (dialect.reasoning_object) {
      draft.drop("reasoning_effort");
    } else {
      auto& document = call.json.nested;
      const bool read = document.read(draft.find("reasoning"));
      const JsonValue effort = read ? document.root()["effort"] : JsonValue();
      const bool moves = effort.is(JsonType::string) && takes_effort;
      if (moves && !given(draft, "reasoning_effort")) draft.set("reasoning_effort", effort.raw());
      if (moves && document.root().count() == 1) {
        draft.drop("reasoning");
      } else {
        draft.drop_named("reasoning");
      }
    }
  }
  if (!takes_effort) draft.drop_named("reasoning_effort");
}

// Where a stream with tools comes out wrong upstream, the answer is asked for whole and
// the stream is made here.
void apply_stream(const Call& call, RequestDraft& draft) {
  const config::Capabilities& can = call.target.can;
  const bool whole = call.chat.wants.tools && !can.stream_with_tools;
  if (call.chat.stream && whole) draft.set("stream", "false");
  if (!call.chat.stream || whole || !can.stream_options) {
    draft.drop("stream_options");
  } else if (!call.chat.include_usage) {
    draft.set("stream_options", R"({"include_usage":true})");
  }
}

void apply_audio_output(const Dialect& dialect, RequestDraft& draft) {
  if (dialect.audio_output) return;
  draft.drop("modalities");  // only "text" gets here, which is what there is
  draft.drop("audio");
}

// A turn of before tools: the assistant's function_call becomes a call with an id of
// ours, and the function's answer names it.
void modernise_turn(JsonValue message, const JsonMemberView& member, int calls, Edits& edits) {
  if (member.key.equals("function_call")) {
    edits.replace(
        member.key.begin(), member.value.end(),
        fmt::format(R"("tool_calls":[{{"id":"call_{}","type":"function","function":{}}}])", calls,
                    member.value.raw()));
  } else if (message["role"].equals("function") && member.key.equals("role")) {
    edits.replace(member.value.begin(), member.value.end(), R"("tool")");
  } else if (message["role"].equals("function") && member.key.equals("name")) {
    edits.replace(member.key.begin(), member.value.end(),
                  fmt::format(R"("tool_call_id":"call_{}")", calls));
  }
}

}  // namespace

Error cannot(const Call& call, std::string_view param) {
  return config::unsupported_parameter(
      fmt::format("The model '{}' does not support '{}'.", call.chat.model, param),
      std::string(param));
}

Result<void> check_features(const Call& call, const Dialect& dialect) {
  const ChatRequest& chat = call.chat;
  const Features& wants = chat.wants;
  const config::Capabilities& can = call.target.can;
  if (wants.tools && !can.tools) {
    return cannot(call, chat.find("functions") != nullptr ? "functions" : "tools");
  }
  if (wants.tool_messages && !can.tools) return cannot_take(call, "tool results", "messages");
  if (auto ok = check_media(call); !ok) return ok;
  if (wants.audio_output && !dialect.audio_output) {
    return cannot(call, chat.find("modalities") != nullptr ? "modalities" : "audio");
  }
  if (wants.json_object && !can.json_object) return cannot(call, "response_format");
  if (wants.json_schema && !can.json_schema) return cannot(call, "response_format");
  if (wants.logprobs && !can.logprobs) {
    return cannot(call, chat.find("logprobs") != nullptr ? "logprobs" : "top_logprobs");
  }
  if (chat.choices > 1 && !can.several_choices) return cannot(call, "n");
  if (wants.prefill && !can.prefill) {
    return cannot_take(call, "an assistant's message as the last one", "messages");
  }
  return {};
}

Result<void> apply_parameters(const Call& call, const Dialect& dialect, RequestDraft& draft) {
  for (const auto field : kNeverSent) draft.drop_named(field);
  for (const auto field : dialect.dropped) {
    if (given(draft, field)) {
      draft.drop_named(field);
    } else {
      draft.drop(field);
    }
  }
  apply_stream(call, draft);
  if (call.chat.operation == Operation::chat) {
    if (auto ok = apply_tools(call, draft); !ok) return ok;
    apply_stop(call, dialect, draft);
    apply_length(call, draft);
    apply_reasoning(call, dialect, draft);
    apply_audio_output(dialect, draft);
    if (!call.target.can.logprobs) {
      draft.drop("logprobs");
      draft.drop("top_logprobs");
    }
  }
  if (call.chat.choices == 1) draft.drop("n");
  return {};
}

void apply_messages(const Call& call, const Dialect& dialect, RequestDraft& draft) {
  const Features& wants = call.chat.wants;
  const bool renames = wants.developer_messages && !call.target.can.developer_role;
  const auto dropped =
      wants.reasoning_messages ? dialect.dropped_from_history : std::span<const std::string_view>();
  if (!renames && dropped.empty() && !wants.function_messages) return;
  if (!call.json.document.read(call.chat.bytes)) return;
  Edits& edits = draft.edits();
  int calls = 0;
  for (JsonValue message : call.json.document.root()["messages"].elements()) {
    if (message["function_call"].is(JsonType::object)) ++calls;
    MemberEdits members(edits, message.begin());
    for (const JsonMemberView& member : message.members()) {
      const auto goes = [&](std::string_view name) { return member.key.equals(name); };
      const bool empty_call = goes("function_call") && member.value.is_null();
      if (empty_call || std::any_of(dropped.begin(), dropped.end(), goes)) {
        members.drop(member.key.begin(), member.value.end());
        continue;
      }
      members.keep(member.key.begin(), member.value.end());
      if (renames && member.key.equals("role") && member.value.equals("developer")) {
        edits.replace(member.value.begin(), member.value.end(), R"("system")");
      }
      if (wants.function_messages) modernise_turn(message, member, calls, edits);
    }
    members.finish({});
  }
}

Result<void> modernise_functions(const Call& call, RequestDraft& draft) {
  const bool functions = given(draft, "functions");
  if (functions && call.chat.wants.tools && given(draft, "tools")) {
    return config::invalid_request("Give 'tools' or 'functions', not both.", "functions");
  }
  if (functions && call.chat.wants.tools) {
    std::string tools;
    JsonWriter json(tools);
    json.begin_array();
    if (call.json.nested.read(draft.find("functions"))) {
      for (JsonValue function : call.json.nested.root().elements()) {
        json.begin_object().member("type", "function").raw_member("function", function.raw());
        json.end_object();
      }
    }
    json.end_array();
    draft.set("tools", tools);
  }
  draft.drop("functions");
  const auto choice = draft.find("function_call");
  if (functions && !choice.empty() && choice != "null") {
    const bool word = choice.front() == '"';
    draft.set("tool_choice", word ? std::string(choice)
                                  : fmt::format(R"({{"type":"function","function":{}}})", choice));
  }
  draft.drop("function_call");
  return {};
}

bool speaks_of_functions(const ChatRequest& chat) {
  return chat.wants.tools && chat.find("functions") != nullptr;
}

void apply_extra_body(const Call& call, RequestDraft& draft) {
  if (call.target.extra_body.empty()) return;
  const auto object = "{" + call.target.extra_body + "}";
  if (!call.json.nested.read(object)) return;
  for (const JsonMemberView& member : call.json.nested.root().members()) {
    draft.set(member.key.text(), member.value.raw());
  }
}

}  // namespace providers

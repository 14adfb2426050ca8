// A whole answer as the stream that was asked for; declared in adapter.h.

#include <algorithm>

#include "providers/adapter.h"
#include "providers/openai_answer.h"
#include "providers/wire/json_writer.h"

namespace providers {
namespace {

using config::ErrorCode;

// Members that every chunk repeats.
void write_head(JsonWriter& json, JsonValue answer, std::string_view object) {
  json.begin_object().raw_member("id", answer["id"].raw()).member("object", object);
  json.raw_member("created", answer["created"].raw());
  json.raw_member("model", answer["model"].raw());
  for (const char* name : {"system_fingerprint", "service_tier", "provider"}) {
    if (answer[name].is(JsonType::string)) json.raw_member(name, answer[name].raw());
  }
}

// SDKs merge lists by index.
void write_numbered(JsonWriter& json, JsonValue list) {
  json.begin_array();
  std::int64_t index = 0;
  for (JsonValue entry : list.elements()) {
    if (!entry.is(JsonType::object)) {
      json.raw(entry.raw());
      continue;
    }
    json.begin_object().member("index", entry["index"].integer().value_or(index++));
    for (const JsonMemberView& member : entry.members()) {
      if (member.key.equals("index")) continue;
      json.raw_member(member.key.text(), member.value.raw());
    }
    json.end_object();
  }
  json.end_array();
}

void write_delta(JsonWriter& json, JsonValue message) {
  json.key("delta").begin_object();
  for (const JsonMemberView& member : message.members()) {
    const bool list = member.value.is(JsonType::array);
    if (member.value.is_null() || (list && member.value.empty())) continue;
    json.key(member.key.text());
    if (list) {
      write_numbered(json, member.value);
    } else {
      json.raw(member.value.raw());
    }
  }
  json.end_object();
}

void write_content(JsonWriter& json, JsonValue choice) {
  json.begin_object().raw_member("index", choice["index"].raw());
  if (choice["message"]) {
    write_delta(json, choice["message"]);
  } else {
    json.raw_member("text", choice["text"].raw());
  }
  const JsonValue logprobs = choice["logprobs"];
  json.key("logprobs").raw(logprobs ? logprobs.raw() : "null");
  json.key("finish_reason").null().end_object();
}

void write_end(JsonWriter& json, JsonValue choice) {
  json.begin_object().raw_member("index", choice["index"].raw());
  if (choice["message"]) {
    json.key("delta").begin_object().end_object();
  } else {
    json.member("text", "");
  }
  json.key("logprobs").null();
  json.raw_member("finish_reason", choice["finish_reason"].raw());
  if (choice["native_finish_reason"]) {
    json.raw_member("native_finish_reason", choice["native_finish_reason"].raw());
  }
  json.end_object();
}

}  // namespace

config::Result<Body> stream_from_completion(const Call& call, const Completion& completion) {
  // Line ends stand only between tokens, where a blank does as well: an event is one line.
  auto text = completion.body.str();
  std::replace_if(text.begin(), text.end(), [](char c) { return c == '\n' || c == '\r'; }, ' ');
  auto& document = call.json.document;
  if (!document.read(text)) {
    return config::failure(ErrorCode::internal, "The answer could not be streamed.",
                           std::string(to_string(document.fault())));
  }
  const JsonValue answer = document.root();
  const auto object = object_name(call.chat.operation, true);
  std::string out;
  const auto chunk = [&](auto&& write_choices, std::string_view usage) {
    out += "data: ";
    JsonWriter json(out);
    write_head(json, answer, object);
    json.key("choices").begin_array();
    write_choices(json);
    json.end_array();
    if (call.chat.include_usage) json.raw_member("usage", usage);
    json.end_object();
    out += "\n\n";
  };
  for (JsonValue choice : answer["choices"].elements()) {
    chunk([&](JsonWriter& json) { write_content(json, choice); }, "null");
    chunk([&](JsonWriter& json) { write_end(json, choice); }, "null");
  }
  if (call.chat.include_usage) chunk([](JsonWriter&) {}, answer["usage"].raw());
  out += "data: [DONE]\n\n";
  Body body;
  body.own(out);
  return body;
}

}  // namespace providers

#include "providers/continued_stream.h"

#include <algorithm>
#include <array>

#include "providers/tokens/token_counter.h"
#include "providers/usage_json.h"
#include "providers/wire/json_writer.h"
#include "providers/wire/sse_parser.h"

namespace providers {
namespace {

using config::Result;

constexpr std::array<std::string_view, 3> kReasoning{"reasoning", "reasoning_content",
                                                     "reasoning_details"};

bool among(JsonValue key, const std::array<std::string_view, 3>& names) {
  return std::any_of(names.begin(), names.end(),
                     [&](std::string_view name) { return key.equals(name); });
}

bool says_nothing(JsonValue value) {
  if (value.is_null()) return true;
  if (value.is(JsonType::string)) return value.raw_text().empty();
  return (value.is(JsonType::array) || value.is(JsonType::object)) && value.empty();
}

config::Error does_not_go_on() {
  return config::failure(config::ErrorCode::upstream_garbled,
                         "The answer broke off, and the next upstream did not go on with it.",
                         "the continuation does not begin with what was delivered last");
}

std::int64_t less(std::int64_t whole, std::int64_t part) {
  return std::max<std::int64_t>(whole - part, 0);
}

// The chunk up to its choices, under the stream's own name.
void write_frame(JsonWriter& json, JsonValue chunk, const StreamDecoder::Frame& frame) {
  for (const JsonMemberView& member : chunk.members()) {
    if (member.key.equals("choices") || member.key.equals("usage")) continue;
    const bool id = member.key.equals("id");
    const bool created = member.key.equals("created");
    json.raw_member(member.key.text(), id        ? std::string_view(frame.id)
                                       : created ? std::string_view(frame.created)
                                                 : member.value.raw());
  }
}

}  // namespace

ContinuedStream::ContinuedStream(const BegunStream& begun, std::size_t given,
                                 const config::Target& target, const Cost& spent)
    : begun_(begun), target_(target), spent_(spent), seam_(begun.content, given) {}

Result<void> ContinuedStream::take(std::string_view events, const Usage& usage, bool stopped,
                                   std::string& out) {
  SseParser parser;
  parser.feed(events);
  while (const auto event = parser.next()) {
    if (event->data == "[DONE]") {
      out += "data: [DONE]\n\n";
      continue;
    }
    if (!document_.read(event->data)) {
      return config::failure(config::ErrorCode::internal, "The answer could not be gone on with.",
                             std::string(to_string(document_.fault())));
    }
    const JsonValue chunk = document_.root();
    if (chunk["choices"].empty()) {
      write_usage(chunk, usage, out);
    } else if (auto taken = take_chunk(chunk, stopped, out); !taken) {
      return taken;
    }
  }
  return {};
}

Result<void> ContinuedStream::take_chunk(JsonValue chunk, bool stopped, std::string& out) {
  const JsonValue choice = chunk["choices"][0];
  const JsonValue delta = choice["delta"];
  const bool finishing = choice["finish_reason"].is(JsonType::string);

  std::string text;
  seam_.take(delta["content"].text(), text);
  std::string rest;  // of the delta
  JsonWriter members(rest);
  for (const JsonMemberView& member : delta.members()) {
    if (member.key.equals("role") || member.key.equals("content")) continue;
    if (among(member.key, kReasoning)) {
      if (!member.key.equals("reasoning_details")) hidden_ += member.value.text();
      continue;
    }
    if (says_nothing(member.value)) continue;
    members.raw_member(member.key.text(), member.value.raw());
  }
  // An answer that ends, or does something else, before it has said what it has to say first.
  if (finishing || !rest.empty()) seam_.end(text);
  if (does_not_fit() && !stopped) return does_not_go_on();
  if (text.empty() && rest.empty() && !finishing) return {};
  content_ += text;
  has_called_ = has_called_ || !rest.empty();
  finished_ = finished_ || finishing;

  out += "data: ";
  JsonWriter json(out);
  json.begin_object();
  write_frame(json, chunk, begun_.frame);
  json.key("choices").begin_array().begin_object();
  for (const JsonMemberView& member : choice.members()) {
    if (!member.key.equals("delta")) {
      json.raw_member(member.key.text(), member.value.raw());
      continue;
    }
    json.key("delta").begin_object();
    if (!text.empty()) json.member("content", text);
    json.raw_members(rest).end_object();
  }
  json.end_object().end_array();
  if (chunk["usage"]) json.raw_member("usage", "null");
  json.end_object();
  out += "\n\n";
  return {};
}

Usage ContinuedStream::usage(const Usage& of_the_rest) const {
  Usage whole = begun_.usage;
  const std::int64_t said_before = fits() ? count_tokens(seam_.left_out(), target_.tokenizer) : 0;
  const std::int64_t hidden =
      of_the_rest.reasoning.value_or(count_tokens(hidden_, target_.tokenizer));
  whole.completion =
      whole.completion.value_or(0) + less(of_the_rest.completion.value_or(0), said_before + hidden);
  whole.tokens = std::max(whole.tokens, of_the_rest.tokens);
  return whole;
}

void ContinuedStream::write_usage(JsonValue chunk, const Usage& usage, std::string& out) const {
  const Cost rest = cost_of(usage, target_.price ? &*target_.price : nullptr);
  out += "data: ";
  JsonWriter json(out);
  json.begin_object();
  write_frame(json, chunk, begun_.frame);
  json.key("choices").begin_array().end_array().key("usage");
  append_usage(out, this->usage(usage), sum(spent_, rest), JsonValue());
  out += "}\n\n";
}

}  // namespace providers

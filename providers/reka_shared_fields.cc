#include "providers/reka_shared_fields.h"

#include <algorithm>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "providers/openai_parameters.h"
#include "providers/openai_shape.h"
#include "providers/reka_shared_tools.h"

namespace providers::reka {

using config::Result;

namespace {

bool is_null(std::string_view value) {
  return value == "null";
}

// false, 0, null, [] ask for nothing.
bool asks_for_nothing(std::string_view value) {
  return is_null(value) || value == "false" || value == "0";
}

}  // namespace

RequestFields::RequestFields(const Call& call, const FieldTable& table)
    : call_(call),
      chat_(call.chat),
      can_(call.target.can),
      table_(table),
      out_(request_.body, call.chat.bytes) {}

Result<void> RequestFields::write() {
  if (auto ready = prepare(); !ready) return ready;
  json().begin_object();
  for (const JsonMember& member : chat_.members) {
    if (auto written = write(member); !written) return written;
  }
  const JsonMember* stop = chat_.find("stop");
  if (stop == nullptr || is_null(chat_.raw(*stop))) write_added_stops();
  return {};
}

UpstreamRequest RequestFields::finish() {
  json().raw_members(call_.target.extra_body);
  json().end_object();
  out_.finish();
  request_.dropped = dropped_.take();
  return std::move(request_);
}

void RequestFields::read_extra_body() {
  if (call_.target.extra_body.empty()) return;
  const std::string object = fmt::format("{{{}}}", call_.target.extra_body);
  if (!call_.json.nested.read(object)) return;
  for (const JsonMemberView& member : call_.json.nested.root().members()) {
    overridden_.push_back(member.key.text());
  }
}

// What several fields depend on is known before the first of them is written.
Result<void> RequestFields::prepare() {
  if (chat_.operation != Operation::chat) {
    return config::unsupported_parameter(
        fmt::format("The model '{}' serves only chat completions.", chat_.model), "model");
  }
  read_extra_body();
  conversation_ = read_conversation(call_.json, chat_);
  auto history = make_history(conversation_, can_, chat_.model, dropped_);
  if (!history) return history.error();
  history_ = *std::move(history);

  legacy_tools_ = speaks_of_functions(chat_);
  auto tools = select_tools(conversation_, can_, chat_.model, legacy_tools_);
  if (!tools) return tools.error();
  tools_ = *std::move(tools);

  // Such a model would call again instead of reading the result.
  const bool as_text = can_.tool_results == config::ToolResults::user_text;
  if (as_text && history_.answers_tools && !tools_.empty()) {
    tools_.clear();
    dropped_.name("tools");
  }
  if (can_.tools_style == config::ToolsStyle::flat && any_strict(tools_, call_.json)) {
    dropped_.name("tools.function.strict");
  }
  request_.streamed = chat_.stream && (can_.stream_with_tools || tools_.empty());
  return {};
}

Fate RequestFields::fate_of(std::string_view name) const {
  const auto found = std::find_if(table_.fields.begin(), table_.fields.end(),
                                  [&](const Field& field) { return field.name == name; });
  return found == table_.fields.end() ? table_.otherwise : found->fate;
}

Result<void> RequestFields::write(const JsonMember& member) {
  const std::string_view value = chat_.raw(member);
  // The operator's word is the last, and a field may stand only once.
  if (std::find(overridden_.begin(), overridden_.end(), member.key) != overridden_.end()) return {};
  const Fate fate = fate_of(member.key);
  if (is_null(value) && fate != Fate::messages) return {};
  switch (fate) {
    case Fate::pass:
      pass(member);
      break;
    case Fate::drop:
      dropped_.name(member.key);
      break;
    case Fate::consume:
      break;
    case Fate::refuse:
      return cannot(member.key);
    case Fate::model:
      json().raw_member("model", call_.target.quoted_model);
      break;
    case Fate::messages:
      return write_messages();
    case Fate::stream:
      json().member("stream", request_.streamed);
      break;
    case Fate::max_tokens:
      write_max_tokens(member);
      break;
    case Fate::stop:
      write_stop(value);
      break;
    case Fate::choices:
      if (chat_.choices == 1) break;
      if (!can_.several_choices) return cannot("n");
      pass(member);
      break;
    case Fate::logprobs:
      if (asks_for_nothing(value)) break;
      if (!can_.logprobs) return cannot(member.key);
      pass(member);
      break;
    case Fate::modalities:
      if (chat_.wants.audio_output) return cannot("modalities");
      break;
    case Fate::tools:
      write_tools();
      break;
    case Fate::tool_choice:
      return write_tool_choice(member.key);
    case Fate::response_format:
      return write_response_format(member);
    case Fate::web_search:
      if (can_.web_search) {
        json().member("use_search_engine", true);
      } else {
        dropped_.name(member.key);
      }
      break;
  }
  return {};
}

void RequestFields::pass(const JsonMember& member) {
  json().key(member.key);
  out_.raw(chat_.raw(member));
}

config::Error RequestFields::cannot(std::string_view param) const {
  return providers::cannot(call_, param);
}

Result<void> RequestFields::write_messages() {
  json().key("messages");
  if (table_.messages == Spelling::plain) {
    write_plain_messages(out_, history_);
    return {};
  }
  return reka::write_messages(out_, history_, can_, CallStyle::native, call_.json);
}

void RequestFields::write_max_tokens(const JsonMember& member) {
  if (can_.max_completion_tokens) return pass(member);
  const JsonMember* newer = chat_.find("max_completion_tokens");
  const bool newer_wins = newer != nullptr && !is_null(chat_.raw(*newer));
  if (newer_wins && newer != &member) return;
  json().raw_member("max_tokens", chat_.raw(member));
}

void RequestFields::write_stop(std::string_view value) {
  json().key("stop").begin_array();
  if (value.starts_with('[')) {
    // The elements alone, as they came.
    const std::string_view inside = value.substr(1, value.size() - 2);
    const bool empty = inside.find_first_not_of(" \t\r\n") == std::string_view::npos;
    if (!empty) json().raw(inside);
  } else {
    json().raw(value);
  }
  for (const std::string& stop : can_.stop) json().value(stop);
  json().end_array();
}

void RequestFields::write_added_stops() {
  if (can_.stop.empty()) return;
  write_stop("[]");
}

void RequestFields::write_tools() {
  if (std::exchange(tools_written_, true) || tools_.empty()) return;
  json().key("tools");
  reka::write_tools(out_, tools_, can_.tools_style, legacy_tools_);
}

Result<void> RequestFields::write_tool_choice(std::string_view name) {
  const ToolChoice choice = conversation_.tool_choice;
  const bool insists = choice == ToolChoice::required || choice == ToolChoice::named;
  if (insists && conversation_.tools.empty()) return cannot(name);
  if (tools_.empty() || choice == ToolChoice::absent) return {};
  json().key("tool_choice");
  reka::write_tool_choice(out_, conversation_, can_.tools_style, legacy_tools_);
  return {};
}

Result<void> RequestFields::write_response_format(const JsonMember& member) {
  const auto& wants = chat_.wants;
  const bool text = !wants.json_object && !wants.json_schema;
  if (text) return {};
  const bool able =
      (!wants.json_object || can_.json_object) && (!wants.json_schema || can_.json_schema);
  if (!able) {
    return config::unsupported_parameter(
        fmt::format("The model '{}' does not support response_format {}.", chat_.model,
                    wants.json_schema ? "json_schema" : "json_object"),
        "response_format");
  }
  pass(member);
  return {};
}

}  // namespace providers::reka

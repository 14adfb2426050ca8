#include "providers/reka_shared_messages.h"

#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

namespace providers::reka {
namespace {

using config::MediaStyle;
using config::Result;

std::string joined(const std::vector<std::string>& texts, std::string_view between) {
  std::string out;
  for (const std::string& text : texts) {
    if (&text != &texts.front()) out += between;
    out += text;
  }
  return out;
}

void write_media(RequestText& out, const Media& media, MediaStyle style) {
  JsonWriter& json = out.json();
  json.begin_object().member("type", media.kind).key(media.kind);
  if (style == MediaStyle::object) json.begin_object().key("url");
  out.string(media.prefix, media.url);
  if (style == MediaStyle::object) json.end_object();
  json.end_object();
}

// Media stand before text, as Reka wants them.
void write_parts(RequestText& out, const Turn& turn, MediaStyle style) {
  JsonWriter& json = out.json();
  json.begin_array();
  for (const Media& media : turn.media) write_media(out, media, style);
  for (const std::string& text : turn.texts) {
    json.begin_object().member("type", "text").member("text", text).end_object();
  }
  json.end_array();
}

void write_content(RequestText& out, const Turn& turn, MediaStyle style) {
  out.json().key("content");
  if (!turn.media.empty() || turn.texts.size() > 1) return write_parts(out, turn, style);
  out.json().value(turn.texts.empty() ? std::string_view() : std::string_view(turn.texts.front()));
}

// The text inside OpenAI's string is an object of its own upstream.
Result<void> write_native_call(RequestText& out, const CallMade& made, JsonWorkspace& workspace) {
  const std::string_view arguments = made.call->arguments;
  const bool none = arguments.find_first_not_of(" \t\r\n") == std::string_view::npos;
  if (!none &&
      (!workspace.nested.read(arguments) || !workspace.nested.root().is(JsonType::object))) {
    return config::invalid_request("The arguments of a tool call must be a JSON object.",
                                   made.param + ".function.arguments");
  }
  const std::string_view id = made.call->id.empty() ? made.call->name : made.call->id;
  out.json()
      .begin_object()
      .member("id", id)
      .member("name", made.call->name)
      .raw_member("parameters", none ? "{}" : arguments)
      .end_object();
  return {};
}

void write_openai_call(RequestText& out, const ToolCall& call) {
  if (!call.id.empty()) return out.raw(call.raw);
  // A legacy function_call becomes a tool call that goes by its function's name.
  out.json()
      .begin_object()
      .member("id", call.name)
      .member("type", "function")
      .raw_member("function", call.raw)
      .end_object();
}

Result<void> write_assistant(RequestText& out, const Turn& turn, const config::Capabilities& can,
                             CallStyle style, JsonWorkspace& workspace) {
  JsonWriter& json = out.json();
  json.begin_object().member("role", "assistant");
  if (!turn.media.empty()) {
    write_content(out, turn, can.media_style);
  } else if (turn.texts.empty() && !turn.calls.empty() && style == CallStyle::openai) {
    json.key("content").null();
  } else {
    json.member("content", joined(turn.texts, ""));
  }
  if (!turn.calls.empty()) {
    json.key("tool_calls").begin_array();
    for (const CallMade& made : turn.calls) {
      if (style == CallStyle::openai) {
        write_openai_call(out, *made.call);
        continue;
      }
      if (auto written = write_native_call(out, made, workspace); !written) return written;
    }
    json.end_array();
  }
  json.end_object();
  return {};
}

void write_tool_outputs(RequestText& out, const Turn& turn, config::ToolResults style) {
  JsonWriter& json = out.json();
  if (style == config::ToolResults::tool_output) {
    json.begin_object().member("role", "tool_output").key("content").begin_array();
    for (const ToolOutput& output : turn.outputs) {
      json.begin_object()
          .member("tool_call_id", output.id)
          .member("output", output.text)
          .end_object();
    }
    json.end_array().end_object();
    return;
  }
  for (const ToolOutput& output : turn.outputs) {
    json.begin_object()
        .member("role", "tool")
        .member("tool_call_id", output.id)
        .member("content", output.text)
        .end_object();
  }
}

}  // namespace

Result<void> write_messages(RequestText& out, const History& history,
                            const config::Capabilities& can, CallStyle calls,
                            JsonWorkspace& workspace) {
  JsonWriter& json = out.json();
  json.begin_array();
  for (const Turn& turn : history.turns) {
    switch (turn.speaker) {
      case Speaker::system:
        json.begin_object().member("role", "system");
        json.member("content", joined(turn.texts, "")).end_object();
        break;
      case Speaker::user:
        json.begin_object().member("role", "user");
        write_content(out, turn, can.media_style);
        json.end_object();
        break;
      case Speaker::assistant:
        if (auto written = write_assistant(out, turn, can, calls, workspace); !written) {
          return written;
        }
        break;
      case Speaker::tool:
        write_tool_outputs(out, turn, can.tool_results);
        break;
    }
  }
  json.end_array();
  return {};
}

void write_plain_messages(RequestText& out, const History& history) {
  JsonWriter& json = out.json();
  json.begin_array();
  for (const Turn& turn : history.turns) {
    const bool assistant = turn.speaker == Speaker::assistant;
    json.begin_object()
        .member("role", assistant ? "assistant" : "user")
        .member("content", joined(turn.texts, assistant ? "" : "\n"))
        .end_object();
  }
  json.end_array();
}

}  // namespace providers::reka

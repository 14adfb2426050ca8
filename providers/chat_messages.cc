#include "providers/chat_messages.h"

#include <algorithm>

namespace providers {
namespace {

constexpr std::string_view kRoles[] = {"system",    "developer", "user",
                                       "assistant", "tool",      "function"};

constexpr std::string_view kPartTypes[] = {"text",      "refusal", "image_url",   "video_url",
                                           "audio_url", "pdf_url", "input_audio", "file"};

// The enumerator whose name stands at the same place; `otherwise` for no name of ours.
template <class Enumeration, std::size_t size>
Enumeration named(const std::string_view (&names)[size], std::string_view name,
                  Enumeration otherwise) {
  const auto* found = std::find(std::begin(names), std::end(names), name);
  if (found == std::end(names)) return otherwise;
  return static_cast<Enumeration>(found - std::begin(names));
}

class Reader {
 public:
  explicit Reader(Conversation& out) : out_(out) {}

  void messages(JsonValue list) {
    for (const JsonValue message : list.elements()) out_.messages.push_back(read_message(message));
  }

  void tools(JsonValue list) {
    for (const JsonValue tool : list.elements()) {
      const JsonValue function = tool["function"];
      out_.tools.push_back(read_tool(tool, tool["type"].equals("function") ? function : JsonValue(),
                                     text(tool["type"])));
    }
  }

  void functions(JsonValue list) {
    for (const JsonValue function : list.elements()) {
      out_.tools.push_back(read_tool(function, function, "function"));
    }
  }

  // `named` is the member of an object choice that bears the name.
  void choice(JsonValue choice, JsonValue named) {
    if (!choice || choice.is_null()) return;
    out_.raw_tool_choice = choice.raw();
    if (choice.equals("none")) out_.tool_choice = ToolChoice::none;
    if (choice.equals("auto")) out_.tool_choice = ToolChoice::automatic;
    if (choice.equals("required")) out_.tool_choice = ToolChoice::required;
    if (choice.is(JsonType::object)) {
      out_.tool_choice = ToolChoice::named;
      out_.chosen_tool = text(named);
    }
  }

 private:
  std::string_view text(JsonValue value) {
    if (!value.has_escapes()) return value.raw_text();
    return out_.unescaped.emplace_back(value.text());
  }

  // A link as "…" or as {"url":"…"}.
  std::string_view link(JsonValue value) {
    return text(value.is(JsonType::object) ? value["url"] : value);
  }

  ContentPart read_part(JsonValue part) {
    ContentPart out;
    out.type_name = text(part["type"]);
    out.type = named(kPartTypes, out.type_name, PartType::other);
    out.raw = part.raw();
    const JsonValue content = part[out.type_name];
    switch (out.type) {
      case PartType::text:
      case PartType::refusal:
        out.text = text(content);
        break;
      case PartType::image_url:
      case PartType::video_url:
      case PartType::audio_url:
      case PartType::pdf_url:
        out.url = link(content);
        out.detail = text(content["detail"]);
        break;
      case PartType::input_audio:
        out.data = text(content["data"]);
        out.format = text(content["format"]);
        break;
      case PartType::file:
        out.file_data = text(content["file_data"]);
        out.file_id = text(content["file_id"]);
        out.filename = text(content["filename"]);
        break;
      case PartType::other:
        break;
    }
    return out;
  }

  ToolCall read_call(JsonValue call, JsonValue function) {
    ToolCall out;
    out.id = text(call["id"]);
    out.name = text(function["name"]);
    out.arguments = text(function["arguments"]);
    out.raw_arguments = function["arguments"].raw();
    out.raw = call.raw();
    return out;
  }

  ChatMessage read_message(JsonValue message) {
    ChatMessage out;
    out.role = named(kRoles, text(message["role"]), Role::user);
    out.name = text(message["name"]);
    out.tool_call_id = text(message["tool_call_id"]);
    out.refusal = text(message["refusal"]);
    out.reasoning_content = text(message["reasoning_content"]);
    if (out.reasoning_content.empty()) out.reasoning_content = text(message["reasoning"]);
    if (message["reasoning_details"].is(JsonType::array)) {
      out.raw_reasoning_details = message["reasoning_details"].raw();
    }
    out.raw = message.raw();

    const JsonValue content = message["content"];
    if (content.is(JsonType::string)) {
      out.content_is_string = true;
      ContentPart part;
      part.type = PartType::text;
      part.type_name = "text";
      part.text = text(content);
      out.parts.push_back(part);
    }
    for (const JsonValue part : content.elements()) out.parts.push_back(read_part(part));

    for (const JsonValue call : message["tool_calls"].elements()) {
      out.tool_calls.push_back(read_call(call, call["function"]));
    }
    if (const JsonValue call = message["function_call"]; call.is(JsonType::object)) {
      out.tool_calls.push_back(read_call(call, call));
    }
    return out;
  }

  Tool read_tool(JsonValue whole, JsonValue function, std::string_view type) {
    Tool out;
    out.name = text(function["name"]);
    out.description = text(function["description"]);
    if (function["description"].is(JsonType::string)) {
      out.raw_description = function["description"].raw();
    }
    if (function["parameters"].is(JsonType::object)) {
      out.raw_parameters = function["parameters"].raw();
    }
    out.type = type;
    out.raw = whole.raw();
    return out;
  }

  Conversation& out_;
};

}  // namespace

std::string ChatMessage::text() const {
  std::string out;
  for (const ContentPart& part : parts) {
    if (part.type == PartType::text) out.append(part.text);
  }
  return out;
}

bool ChatMessage::has_media() const {
  return std::any_of(parts.begin(), parts.end(), [](const ContentPart& part) {
    return part.type != PartType::text && part.type != PartType::refusal &&
           part.type != PartType::other;
  });
}

Conversation read_conversation(JsonWorkspace& json, const ChatRequest& chat) {
  Conversation out;
  json.document.read(chat.bytes);
  const JsonValue root = json.document.root();
  Reader reader(out);
  reader.messages(root["messages"]);
  reader.tools(root["tools"]);
  reader.functions(root["functions"]);
  reader.choice(root["function_call"], root["function_call"]["name"]);
  reader.choice(root["tool_choice"], root["tool_choice"]["function"]["name"]);
  return out;
}

}  // namespace providers

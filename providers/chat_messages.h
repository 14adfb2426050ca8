#pragma once
// The messages and tools of a request, taken apart for adapters whose upstream
// wants another shape. Adapters that splice do not need it. A Conversation's views
// point into the request's bytes, or, where a string held escapes, into the
// Conversation itself: it must live as long as they are used. It may be moved.

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "providers/chat_request.h"

namespace providers {

enum class Role : std::uint8_t { system, developer, user, assistant, tool, function };

enum class PartType : std::uint8_t {
  text,
  refusal,
  image_url,
  video_url,
  audio_url,  // an extension: as image_url
  pdf_url,    // the same
  input_audio,
  file,
  other,  // a type we do not know: only `raw` says what it is
};

// One part of a message's content; text is unescaped. Members that the type does
// not have are empty.
struct ContentPart {
  PartType type = PartType::other;
  std::string_view type_name;
  std::string_view text;       // text, refusal
  std::string_view url;        // *_url, given as a string or as {"url":…}; may be a data URL
  std::string_view detail;     // image_url
  std::string_view data;       // input_audio: base64
  std::string_view format;     // input_audio: "wav", "mp3"
  std::string_view file_data;  // file: a data URL
  std::string_view file_id;
  std::string_view filename;
  std::string_view raw;  // the part as it came
};

// A call the model made in an earlier turn. A legacy function_call is one without id.
struct ToolCall {
  std::string_view id;
  std::string_view name;
  std::string_view arguments;      // the JSON text inside the string; not validated
  std::string_view raw_arguments;  // the same as it came, a quoted JSON string
  std::string_view raw;
};

struct ChatMessage {
  Role role = Role::user;
  std::string_view name;
  // A string as content is one text part; null, absent or [] are none.
  std::vector<ContentPart> parts;
  bool content_is_string = false;
  std::vector<ToolCall> tool_calls;
  std::string_view tool_call_id;
  std::string_view refusal;
  std::string_view reasoning_content;      // or `reasoning`
  std::string_view raw_reasoning_details;  // JSON; empty: none
  std::string_view raw;                    // the message as it came

  // The text parts, joined without anything between.
  std::string text() const;
  bool has_media() const;
};

// A tool the model may call; a legacy function is one too.
struct Tool {
  std::string_view name;  // empty where the type is not `function`
  std::string_view description;
  std::string_view raw_description;  // quoted JSON; empty: none
  std::string_view raw_parameters;   // a JSON schema; empty: none
  std::string_view type;             // "function", or what an upstream invented
  std::string_view raw;
};

enum class ToolChoice : std::uint8_t { absent, none, automatic, required, named };

struct Conversation {
  std::vector<ChatMessage> messages;
  std::vector<Tool> tools;
  ToolChoice tool_choice = ToolChoice::absent;
  std::string_view chosen_tool;      // named
  std::string_view raw_tool_choice;  // as it came; empty: absent

  // Texts that could not stay views. Elements never move.
  std::deque<std::string> unescaped;
};

// Cannot fail: `chat` is what read_chat_request() let pass. Uses json.document.
Conversation read_conversation(JsonWorkspace& json, const ChatRequest& chat);

}  // namespace providers

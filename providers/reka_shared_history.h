#pragma once
// A conversation as the turns a Reka model takes: system text folded, turns of one
// speaker merged, tool results where the dialect wants them, media before text.
// What is asked of the turns comes from the target's capabilities; how they are
// spelled is the dialect's (reka_shared_messages.h). Views live as long as the
// Conversation and the request it came from.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "config/base/error.h"
#include "config/capabilities.h"
#include "providers/chat_messages.h"
#include "providers/reka_shared_dropped.h"

namespace providers::reka {

enum class Speaker : std::uint8_t { system, user, assistant, tool };

// A media part by Reka's name of its kind: image_url, video_url, audio_url, pdf_url.
struct Media {
  std::string_view kind;
  std::string prefix;    // "data:audio/wav;base64," where `url` is bare base64
  std::string_view url;  // behind the prefix
};

struct CallMade {
  const ToolCall* call = nullptr;
  std::string param;  // "messages[2].tool_calls[0]"
};

struct ToolOutput {
  std::string_view id;
  std::string text;
};

struct Turn {
  Speaker speaker = Speaker::user;
  std::size_t message = 0;  // the index of the first message in it
  std::vector<Media> media;
  std::vector<std::string> texts;
  std::vector<CallMade> calls;      // assistant
  std::vector<ToolOutput> outputs;  // tool
};

struct History {
  std::vector<Turn> turns;
  // A tool result stands behind the last assistant turn: the model is asked to go
  // on from it.
  bool answers_tools = false;
};

// The turns, or what of the messages this target cannot take (unsupported_parameter
// that names the message and `model`, the name the client knows). What may go is
// named in `dropped`.
config::Result<History> make_history(const Conversation& conversation,
                                     const config::Capabilities& can, std::string_view model,
                                     Dropped& dropped);

}  // namespace providers::reka

#pragma once
// A client's request: its bytes, untouched, and where in them the few fields
// stand that we act on. A view: `bytes` belongs to the connection and outlives the
// request. Read once per request by read_chat_request(), then const.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/base/error.h"
#include "providers/wire/json_fields.h"
#include "providers/wire/json_workspace.h"

namespace providers {

// Which of the endpoints that reach an upstream was asked.
enum class Operation : std::uint8_t { chat, completions, embeddings };
std::string_view to_string(Operation operation);

// What a request asks for beyond plain text in and out; targets that cannot are
// passed over or the request is refused, naming `param`.
struct Features {
  bool tools = false;  // non-empty tools or functions
  bool images = false;
  bool video = false;
  bool audio = false;
  bool files = false;
  bool json_object = false;
  bool json_schema = false;
  bool logprobs = false;
  bool tool_messages = false;  // a message with role tool, or tool_calls
  bool audio_output = false;   // modalities other than text
  bool prefill = false;        // the last message is the assistant's
  // Messages that some targets want in another shape; where there is none of these,
  // nobody needs to look at the messages again.
  bool developer_messages = false;
  bool reasoning_messages = false;  // reasoning of an earlier turn
  bool function_messages = false;   // role function, or function_call
  std::int64_t image_count = 0;
};

struct ChatRequest {
  Operation operation = Operation::chat;
  // The whole body; SIMDJSON_PADDING bytes behind it can be read.
  std::string_view bytes;
  std::vector<JsonMember> members;  // of the top-level object, in order
  std::size_t object_begin = 0;     // the opening brace
  std::size_t object_end = 0;       // the closing brace

  std::string model;  // unescaped
  bool stream = false;
  bool include_usage = false;              // stream_options.include_usage
  std::optional<std::int64_t> max_tokens;  // max_completion_tokens before max_tokens
  std::int64_t choices = 1;                // n
  Features wants;
  std::int64_t quick_prompt_tokens = 0;  // at a glance (quick_estimate.h)

  // Minted by the gateway, so that a fixture can pin them: the answer's id where the
  // upstream gives none, and its time.
  std::string answer_id;
  std::int64_t created = 0;

  const JsonMember* find(std::string_view key) const;
  std::string_view raw(const JsonMember& member) const {
    return bytes.substr(member.value, member.end - member.value);
  }
};

// Validates the whole document (RFC 8259, UTF-8, nesting, no duplicate key in an
// object we interpret) and every field we know: its type and range; errors name
// the `param` ("messages[3].content"). Nothing that passes here is refused by a
// target as malformed JSON. `body` must be padded as ChatRequest::bytes says.
config::Result<ChatRequest> read_chat_request(JsonWorkspace& json, Operation operation,
                                              std::string_view body);

}  // namespace providers

#include "providers/continued_request.h"

#include <algorithm>
#include <utility>

#include <simdjson.h>

#include "providers/request_draft.h"
#include "providers/wire/body.h"
#include "providers/wire/json_text.h"

namespace providers {
namespace {

using config::Result;

// The last of the messages, where that is the assistant's words alone.
Result<JsonValue> own_prefill(JsonValue messages) {
  JsonValue last;
  for (JsonValue message : messages.elements()) last = message;
  if (!last["role"].equals("assistant")) return JsonValue();
  if (last["content"].is(JsonType::string) && last["tool_calls"].empty()) return last["content"];
  return config::failure(config::ErrorCode::internal, "The answer cannot be gone on with.",
                         "the request's messages end in an assistant's that is no plain text");
}

}  // namespace

Result<std::unique_ptr<const ContinuedRequest>> continued(JsonWorkspace& json,
                                                          const ChatRequest& chat,
                                                          std::string_view given,
                                                          std::int64_t fewer_tokens,
                                                          std::int64_t least) {
  const JsonMember* member = chat.find("messages");
  if (member == nullptr || !json.nested.read(chat.raw(*member))) {
    return config::failure(config::ErrorCode::internal, "The answer cannot be gone on with.",
                           "the request has no messages");
  }
  const JsonValue messages = json.nested.root();
  const auto own = own_prefill(messages);
  if (!own) return own.error();

  RequestDraft draft(chat, json.edits);
  std::string text(messages.raw());
  if (*own) {
    std::string escaped;
    append_escaped(escaped, given);
    text.insert(own->end() - 1, escaped);
  } else {
    text.pop_back();
    text.append(R"(,{"role":"assistant","content":)").append(quoted(given)).append("}]");
  }
  draft.set("messages", text);
  for (const char* name : {"max_tokens", "max_completion_tokens"}) {
    const JsonMember* limit = chat.find(name);
    if (limit == nullptr || !json.nested.read(chat.raw(*limit))) continue;
    const auto tokens = json.nested.root().integer();
    if (tokens) draft.set(name, std::to_string(std::max(*tokens - fewer_tokens, least)));
  }

  Body body;
  draft.write(body);
  auto out = std::make_unique<ContinuedRequest>();
  out->bytes = body.str();
  out->bytes.reserve(out->bytes.size() + simdjson::SIMDJSON_PADDING);
  auto read = read_chat_request(json, chat.operation, out->bytes);
  if (!read) return read.error();
  out->chat = *std::move(read);
  out->chat.answer_id = chat.answer_id;
  out->chat.created = chat.created;
  return std::unique_ptr<const ContinuedRequest>(std::move(out));
}

}  // namespace providers

#include "providers/chat_request.h"

#include <algorithm>
#include <string>

#include <fmt/format.h>

#include "providers/message_rules.h"
#include "providers/request_place.h"
#include "providers/request_rules.h"

namespace providers {
namespace {

using config::Error;
using config::Result;

constexpr std::size_t kLongestModel = 256;
constexpr std::size_t kMostFields = 1024;

Error not_json(const JsonDocument& document) {
  return config::failure(config::ErrorCode::malformed_request,
                         fmt::format("The body is not valid JSON: {} (at byte {}).",
                                     to_string(document.fault()), document.fault_offset()));
}

Result<void> check_root(JsonValue root) {
  if (!root.is(JsonType::object)) {
    return config::failure(config::ErrorCode::malformed_request,
                           "The body must be a JSON object, with `model` and the request's "
                           "other fields as its members.");
  }
  if (root.count() > kMostFields) {
    return config::invalid_request(
        fmt::format("The request has more than {} fields.", kMostFields));
  }
  const auto twice = duplicate_key(root);
  if (!twice) return {};
  return config::invalid_request(
      fmt::format("`{}` is given more than once; send each field once.", Place{*twice}.str()),
      Place{*twice}.str());
}

Result<std::string> read_model(JsonValue value) {
  const Place place{"model"};
  if (!value.is(JsonType::string)) {
    return wrong_type(place, "the name of a model, as GET /v1/models lists them", value);
  }
  std::string model = value.text();
  const bool printable = std::none_of(model.begin(), model.end(), [](char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
  });
  if (model.empty() || model.size() > kLongestModel || !printable) {
    return wrong_value(
        place, fmt::format("a name of 1 to {} bytes without control characters", kLongestModel));
  }
  return model;
}

// What the operation is about.
Result<void> check_input(Operation operation, JsonValue root, Features& wants) {
  switch (operation) {
    case Operation::chat:
      return check_messages(Place{"messages"}, root["messages"], wants);
    case Operation::completions:
      return check_prompt(Place{"prompt"}, root["prompt"]);
    case Operation::embeddings:
      if (root["stream"].boolean() == true) {
        return wrong_value(Place{"stream"}, "false: embeddings are not streamed");
      }
      return check_prompt(Place{"input"}, root["input"]);
  }
  return {};
}

bool asks_for_other_than_text(JsonValue modalities) {
  for (const JsonValue modality : modalities.elements()) {
    if (!modality.equals("text")) return true;
  }
  return false;
}

// Everything here has been checked: what is absent or null reads as nothing.
void note_features(JsonValue root, Features& wants) {
  wants.tools = !root["tools"].empty() || !root["functions"].empty();
  const JsonValue format = root["response_format"]["type"];
  wants.json_object = format.equals("json_object");
  wants.json_schema = format.equals("json_schema");
  const JsonValue logprobs = root["logprobs"];
  wants.logprobs = logprobs.boolean() == true || logprobs.integer().has_value() ||
                   root["top_logprobs"].integer().value_or(0) > 0;
  wants.audio_output =
      root["audio"].is(JsonType::object) || asks_for_other_than_text(root["modalities"]);
}

void note_settings(JsonValue root, ChatRequest& chat) {
  chat.stream = root["stream"].boolean() == true;
  chat.include_usage = root["stream_options"]["include_usage"].boolean() == true;
  chat.max_tokens = root["max_completion_tokens"].integer();
  if (!chat.max_tokens) chat.max_tokens = root["max_tokens"].integer();
  chat.choices = root["n"].integer().value_or(1);
}

}  // namespace

std::string_view to_string(Operation operation) {
  switch (operation) {
    case Operation::chat:
      return "chat";
    case Operation::completions:
      return "completions";
    case Operation::embeddings:
      return "embeddings";
  }
  return "chat";
}

const JsonMember* ChatRequest::find(std::string_view key) const {
  const auto found = std::ranges::find(members, key, &JsonMember::key);
  return found == members.end() ? nullptr : &*found;
}

Result<ChatRequest> read_chat_request(JsonWorkspace& json, Operation operation,
                                      std::string_view body) {
  if (!json.document.read(body)) return not_json(json.document);
  const JsonValue root = json.document.root();
  if (auto ok = check_root(root); !ok) return ok.error();

  ChatRequest chat;
  chat.operation = operation;
  chat.bytes = body;
  chat.object_begin = root.begin();
  chat.object_end = root.end() - 1;
  list_members(root, chat.members);

  auto model = read_model(root["model"]);
  if (!model) return model.error();
  chat.model = *std::move(model);

  std::size_t index = 0;
  for (const JsonMemberView& member : root.members()) {
    if (auto ok = check_field(chat.members[index++].key, member.value); !ok) return ok.error();
  }
  if (auto ok = check_input(operation, root, chat.wants); !ok) return ok.error();
  note_features(root, chat.wants);
  note_settings(root, chat);
  return chat;
}

}  // namespace providers

#include "providers/chat_request.h"

#include <algorithm>
#include <array>
#include <string>

#include <fmt/format.h>

#include "providers/message_rules.h"
#include "providers/quick_estimate.h"
#include "providers/request_place.h"
#include "providers/request_rules.h"
#include "providers/wire/json_names.h"

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
  if (root.is(JsonType::object)) return {};
  return config::failure(config::ErrorCode::malformed_request,
                         "The body must be a JSON object, with `model` and the request's "
                         "other fields as its members.");
}

Result<void> check_members(JsonValue root, std::size_t count) {
  if (count > kMostFields) {
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

// What this file reads of a request, found in one walk.
enum : std::size_t {
  kMessages,
  kPrompt,
  kInput,
  kTools,
  kFunctions,
  kModel,
  kResponseFormat,
  kLogprobs,
  kTopLogprobs,
  kAudio,
  kModalities,
  kStream,
  kStreamOptions,
  kMaxCompletionTokens,
  kMaxTokens,
  kN
};
constexpr JsonNames kNames("messages", "prompt", "input", "tools", "functions", "model",
                           "response_format", "logprobs", "top_logprobs", "audio", "modalities",
                           "stream", "stream_options", "max_completion_tokens", "max_tokens", "n");
using Read = std::array<JsonValue, kNames.kNone>;

// What the operation is about.
Result<void> check_input(Operation operation, const Read& read, Features& wants) {
  switch (operation) {
    case Operation::chat:
      return check_messages(Place{"messages"}, read[kMessages], wants);
    case Operation::completions:
      return check_prompt(Place{"prompt"}, read[kPrompt]);
    case Operation::embeddings:
      if (read[kStream].boolean() == true) {
        return wrong_value(Place{"stream"}, "false: embeddings are not streamed");
      }
      return check_prompt(Place{"input"}, read[kInput]);
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
void note_features(const Read& read, Features& wants) {
  wants.tools = !read[kTools].empty() || !read[kFunctions].empty();
  const JsonValue format = read[kResponseFormat]["type"];
  wants.json_object = format.equals("json_object");
  wants.json_schema = format.equals("json_schema");
  wants.logprobs = read[kLogprobs].boolean() == true || read[kLogprobs].integer().has_value() ||
                   read[kTopLogprobs].integer().value_or(0) > 0;
  wants.audio_output =
      read[kAudio].is(JsonType::object) || asks_for_other_than_text(read[kModalities]);
}

void note_settings(const Read& read, ChatRequest& chat) {
  chat.stream = read[kStream].boolean() == true;
  chat.include_usage = read[kStreamOptions]["include_usage"].boolean() == true;
  chat.max_tokens = read[kMaxCompletionTokens].integer();
  if (!chat.max_tokens) chat.max_tokens = read[kMaxTokens].integer();
  chat.choices = read[kN].integer().value_or(1);
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
  if (auto ok = check_members(root, chat.members.size()); !ok) return ok.error();
  const Read read = kNames.in(root);

  auto model = read_model(read[kModel]);
  if (!model) return model.error();
  chat.model = *std::move(model);

  std::size_t index = 0;
  for (const JsonMemberView& member : root.members()) {
    if (auto ok = check_field(chat.members[index++].key, member.value); !ok) return ok.error();
  }
  if (auto ok = check_input(operation, read, chat.wants); !ok) return ok.error();
  note_features(read, chat.wants);
  note_settings(read, chat);
  chat.quick_prompt_tokens = quick_prompt_tokens(
      {read[kMessages], read[kTools], read[kFunctions], read[kPrompt], read[kInput]},
      chat.wants.image_count);
  return chat;
}

}  // namespace providers

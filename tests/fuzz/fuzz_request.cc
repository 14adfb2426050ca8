// A client's request as any bytes: the verdict on its JSON is simdjson's DOM parser's,
// what passes has the shape it claims, and what an adapter makes of it is JSON in which
// no field stands twice.

#include <string>

#include "providers/chat_messages.h"
#include "providers/wire/json_fields.h"
#include "tests/fuzz/adapters.h"
#include "tests/fuzz/check.h"
#include "tests/fuzz/json_agreement.h"

namespace {

using providers::ChatRequest;
using providers::JsonDocument;
using providers::Operation;

void check_spans(const ChatRequest& chat) {
  FUZZ_CHECK(chat.bytes[chat.object_begin] == '{', chat.bytes);
  FUZZ_CHECK(chat.bytes[chat.object_end] == '}', chat.bytes);
  std::size_t last = chat.object_begin;
  for (const providers::JsonMember& member : chat.members) {
    FUZZ_CHECK(last < member.begin && member.begin < member.value && member.value < member.end &&
                   member.end <= chat.object_end,
               chat.bytes);
    FUZZ_CHECK(chat.bytes[member.begin] == '"', chat.bytes);
    fuzz::check_is_json(chat.raw(member), "member");
    last = member.end - 1;
  }
  FUZZ_CHECK(!chat.model.empty() && chat.model.size() <= 256, chat.model);
  FUZZ_CHECK(!chat.max_tokens || *chat.max_tokens > 0, chat.bytes);
  FUZZ_CHECK(chat.choices >= 1 && chat.choices <= 128, chat.bytes);
}

// What stays a view must stay inside the request or the conversation.
void check_conversation(const ChatRequest& chat) {
  const auto talk = providers::read_conversation(fuzz::workspace(), chat);
  FUZZ_CHECK(!talk.messages.empty(), chat.bytes);
  std::int64_t images = 0;
  for (const providers::ChatMessage& message : talk.messages) {
    fuzz::check_is_json(message.raw, "message");
    for (const providers::ContentPart& part : message.parts) {
      if (part.type == providers::PartType::image_url) ++images;
    }
  }
  FUZZ_CHECK(images == chat.wants.image_count, chat.bytes);
  for (const providers::Tool& tool : talk.tools) fuzz::check_is_json(tool.raw, "tool");
}

void check_encoding(const fuzz::AdapterUnderTest& under_test, const ChatRequest& chat,
                    bool allow_extras) {
  const auto models = providers::listed_models(fuzz::workspace(), chat);
  const providers::Call call{.chat = chat,
                             .target = under_test.target,
                             .json = fuzz::workspace(),
                             .allow_upstream_extras = allow_extras,
                             .allowed_models = models};
  const auto request = under_test.adapter->encode(call);
  if (!request) {
    fuzz::check_error(request.error());
    return;
  }
  static JsonDocument document;
  const std::string body = request->body.str();
  const std::string_view kind = under_test.target.kind;
  FUZZ_CHECK(document.read(body), std::string(kind) + ": " + body);
  FUZZ_CHECK(!providers::duplicate_key(document.root()), std::string(kind) + ": " + body);
  FUZZ_CHECK(document.root()["model"].text() == under_test.target.model,
             std::string(kind) + ": " + body);
  FUZZ_CHECK(request->path.starts_with('/'), request->path);
  for (const auto& [name, value] : request->headers) {
    FUZZ_CHECK((name + value).find_first_of("\r\n") == std::string::npos, value);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view input = fuzz::view(data, size);
  const std::size_t choice = fuzz::choose(input, 6);
  const auto operation = static_cast<Operation>(choice % 3);
  const auto& under_test = fuzz::adapters()[fuzz::choose(input, fuzz::adapters().size())];
  fuzz::check_json_agreement(input);

  const fuzz::Padded body(input);
  auto chat = providers::read_chat_request(fuzz::workspace(), operation, body.view());
  if (!chat) {
    fuzz::check_error(chat.error());
    FUZZ_CHECK(chat.error().message.size() < 1024, chat.error().message);
    return 0;
  }
  chat->answer_id = "chatcmpl-fuzz";
  check_spans(*chat);
  if (operation == Operation::chat) check_conversation(*chat);
  check_encoding(under_test, *chat, choice >= 3);
  return 0;
}

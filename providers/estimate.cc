#include "providers/estimate.h"

#include <string>

#include "providers/tokens/quick_rate.h"
#include "providers/tokens/token_counter.h"

namespace providers {
namespace {

using Part = DeliveredText::Part;

// "human:" and " <sep>" around a message, "assistant:" behind the last one.
constexpr std::int64_t kTokensPerMessage = 5;
constexpr std::int64_t kTokensForTheAnswer = 2;

// Adds the texts of a request to a tally. `storage` is where escapes are resolved.
class PromptText {
 public:
  void add_messages(JsonValue messages) {
    for (JsonValue message : messages.elements()) {
      add_message(message);
      tally_.add_tokens(kTokensPerMessage);
    }
    tally_.add_tokens(kTokensForTheAnswer);
  }

  // Of completions and embeddings: texts, or tokens counted by the client already.
  void add_input(JsonValue input) {
    if (input.is(JsonType::number)) return tally_.add_tokens(1);
    add(input);
    for (JsonValue element : input.elements()) add_input(element);
  }

  // Tools are told to a model as their JSON, more or less.
  void add_raw(JsonValue value) { tally_.add(value.raw()); }

  const TokenTally& tally() const { return tally_; }

 private:
  void add(JsonValue text) { tally_.add(text.text(storage_)); }

  void add_function(JsonValue function) {
    add(function["name"]);
    add(function["arguments"]);
  }

  void add_message(JsonValue message) {
    const JsonValue content = message["content"];
    add(content);
    for (JsonValue part : content.elements()) {
      add(part["text"]);
      add(part["refusal"]);
    }
    for (const char* name : {"name", "refusal", "reasoning", "reasoning_content"}) {
      add(message[name]);
    }
    for (JsonValue call : message["tool_calls"].elements()) add_function(call["function"]);
    add_function(message["function_call"]);
  }

  TokenTally tally_;
  std::string storage_;
};

void add_function(JsonValue function, std::size_t choice, DeliveredText& out) {
  out.add_json(choice, Part::call_name, function["name"].raw_text());
  out.add_json(choice, Part::call_arguments, function["arguments"].raw_text());
}

}  // namespace

std::int64_t prompt_tokens(const ChatRequest& chat, config::Tokenizer tokenizer) {
  PromptText text;
  JsonDocument document;
  for (const char* key : {"messages", "prompt", "input", "tools", "functions"}) {
    const JsonMember* member = chat.find(key);
    if (member == nullptr || !document.read(chat.raw(*member))) continue;
    const std::string_view name = key;
    if (name == "messages") {
      text.add_messages(document.root());
    } else if (name == "tools" || name == "functions") {
      text.add_raw(document.root());
    } else {
      text.add_input(document.root());
    }
  }
  return text.tally().tokens(tokenizer) + chat.wants.image_count * kTokensPerImage;
}

Usage estimated_usage(const ChatRequest& chat, config::Tokenizer tokenizer,
                      const DeliveredText& delivered) {
  Usage usage;
  usage.tokens = Source::estimated;
  usage.prompt = prompt_tokens(chat, tokenizer);
  usage.completion = delivered.tokens(tokenizer);
  return usage;
}

void add_delivered(JsonValue message, std::size_t choice, DeliveredText& out) {
  out.add_json(choice, Part::content, message["content"].raw_text());
  out.add_json(choice, Part::content, message["text"].raw_text());
  add_delivered_besides_content(message, choice, out);
}

void add_delivered_besides_content(JsonValue message, std::size_t choice, DeliveredText& out) {
  const auto reasoning = message["reasoning"].raw_text();
  out.add_json(choice, Part::reasoning,
               reasoning.empty() ? message["reasoning_content"].raw_text() : reasoning);
  out.add_json(choice, Part::refusal, message["refusal"].raw_text());
  for (JsonValue call : message["tool_calls"].elements()) {
    add_function(call["function"], choice, out);
  }
  add_function(message["function_call"], choice, out);
}

}  // namespace providers

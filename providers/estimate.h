#pragma once
// Tokens where nobody reports them, counted for what is booked and always labelled estimated.
// (What is set aside before anything is sent is quick_estimate.h's.) Pure.

#include <cstddef>
#include <cstdint>

#include "config/tokenizer.h"
#include "providers/chat_request.h"
#include "providers/tokens/delivered_text.h"
#include "providers/usage.h"
#include "providers/wire/json_document.h"

namespace providers {

// The prompt's text counted by the model's vocabulary, with what frames each message in a
// chat template (that of reka-flash-3: five tokens each, two at the end); a thousand for
// each image. Costs as much as reading the messages again.
std::int64_t prompt_tokens(const ChatRequest& chat, config::Tokenizer tokenizer);

// What is booked where an upstream answered and reported nothing.
Usage estimated_usage(const ChatRequest& chat, config::Tokenizer tokenizer,
                      const DeliveredText& delivered);

// Takes in the text of a whole message or a delta, or all of it but its `content`. A
// reasoning that is told under two names is one.
void add_delivered(JsonValue message, std::size_t choice, DeliveredText& out);
void add_delivered_besides_content(JsonValue message, std::size_t choice, DeliveredText& out);

}  // namespace providers

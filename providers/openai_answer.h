#pragma once
// Whole answers of OpenAI-shaped upstreams: chat, completions and embeddings. What we
// must change is spliced in; the rest is the upstream's, byte for byte. Pure.

#include <string_view>

#include "providers/adapter.h"
#include "providers/openai_shape.h"

namespace providers {

config::Result<Completion> decode_openai_answer(const Call& call, const AnswerHead& head,
                                                std::string_view body, const Dialect& dialect);

// The usage that stands in one, whatever else it holds.
Usage usage_in_openai_answer(const Call& call, const AnswerHead& head, std::string_view body,
                             const Dialect& dialect);

// `"name"` of the object our clients expect: chat.completion, text_completion, list, or
// the chunk's.
std::string_view object_name(Operation operation, bool chunk);

// Whether complete_usage() will have to guess.
bool lacks_tokens(const ChatRequest& chat, const Usage& usage);

// Fills in what nobody reported, from the request and what was delivered, and says so.
void complete_usage(const Call& call, const DeliveredText& delivered, Usage& usage);

// An id for a tool call that came without one.
std::string minted_call_id(const ChatRequest& chat, std::size_t choice, std::size_t call);

}  // namespace providers

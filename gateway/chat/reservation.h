#pragma once
// What an attempt sets aside before it is known what it costs (decisions 9): the worst case
// of a whole answer, a first piece of a stream. Pure.

#include <cstdint>
#include <optional>

#include "config/config.h"
#include "providers/chat_request.h"

namespace gateway::chat {

// What the size of an answer is guessed from before there is one.
struct Expectation {
  std::int64_t prompt_tokens = 0;
  std::int64_t output_tokens = 0;  // at most, or set aside where nobody knows
};

struct Reservation {
  Expectation tokens;
  // nullopt: the price is unknown. What does not fit in 64 bits is the largest there is.
  std::optional<config::PicoUsd> amount;
  config::PicoUsdPerToken output;  // what an output token costs at most

  // The same for so many output tokens more.
  config::PicoUsd cost_of_more(std::int64_t output_tokens) const;
};

// The longest answer the request allows, else the model's longest, else what the model says
// to set aside, times the answers asked for.
Expectation longest_answer(const providers::ChatRequest& chat, const config::Model& model);

// The same for an answer whose tokens are paid for while they come.
Expectation first_piece(const providers::ChatRequest& chat, const config::Model& model);

// An answer of usual length, where the request allows longer ones: what is expected, not what is
// set aside.
Expectation usual_answer(const providers::ChatRequest& chat, const config::Model& model);

// What those tokens cost at most: each at the dearest price that this request may be billed
// at, the dearest way to ask included.
Reservation reserve(const providers::ChatRequest& chat, const Expectation& tokens,
                    const std::optional<config::Price>& price);

// Of two prices the dearer in every bucket.
config::Price dearest(const config::Price& a, const config::Price& b);

}  // namespace gateway::chat

#include "gateway/chat/reservation.h"

#include <algorithm>
#include <limits>

namespace gateway::chat {
namespace {

using config::PicoUsd;
using config::PicoUsdPerToken;

std::int64_t times(std::int64_t tokens, std::int64_t choices) {
  std::int64_t product = 0;
  return __builtin_mul_overflow(tokens, choices, &product)
             ? std::numeric_limits<std::int64_t>::max()
             : product;
}

PicoUsd cost(std::int64_t tokens, PicoUsdPerToken price) {
  return config::checked_cost(tokens, price)
      .value_or(PicoUsd{std::numeric_limits<std::int64_t>::max()});
}

PicoUsd sum(PicoUsd a, PicoUsd b) {
  return config::checked_add(a, b).value_or(PicoUsd{std::numeric_limits<std::int64_t>::max()});
}

PicoUsdPerToken input_price(const providers::Features& wants, const config::Price& price) {
  PicoUsdPerToken dearest = std::max(price.input, price.cached_write.value_or(price.input));
  if (wants.audio) dearest = std::max(dearest, price.audio_input.value_or(price.input));
  if (wants.images || wants.video || wants.files) {
    dearest = std::max(dearest, price.image_input.value_or(price.input));
  }
  return dearest;
}

PicoUsdPerToken output_price(const providers::Features& wants, const config::Price& price) {
  const PicoUsdPerToken text = std::max(price.output, price.reasoning.value_or(price.output));
  return wants.audio_output ? std::max(text, price.audio_output.value_or(text)) : text;
}

PicoUsd request_price(const config::Price& price) {
  PicoUsd dearest = price.per_request;
  for (const auto& [name, amount] : price.per_request_variants) dearest = std::max(dearest, amount);
  return dearest;
}

// A bucket without a price is billed as the one it belongs to.
std::optional<PicoUsdPerToken> dearer(const std::optional<PicoUsdPerToken>& a,
                                      PicoUsdPerToken a_whole,
                                      const std::optional<PicoUsdPerToken>& b,
                                      PicoUsdPerToken b_whole) {
  if (!a && !b) return std::nullopt;
  return std::max(a.value_or(a_whole), b.value_or(b_whole));
}

Expectation expect(const providers::ChatRequest& chat, std::int64_t output) {
  Expectation tokens;
  tokens.prompt_tokens = chat.quick_prompt_tokens;
  if (chat.operation != providers::Operation::embeddings) {
    tokens.output_tokens = times(output, chat.choices);
  }
  return tokens;
}

}  // namespace

Expectation longest_answer(const providers::ChatRequest& chat, const config::Model& model) {
  const std::int64_t unknown =
      model.max_output_tokens > 0 ? model.max_output_tokens : model.reserve_output_tokens;
  return expect(chat, chat.max_tokens.value_or(unknown));
}

Expectation first_piece(const providers::ChatRequest& chat, const config::Model& model) {
  const std::int64_t piece = model.reserve_output_tokens;
  return expect(chat, std::min(chat.max_tokens.value_or(piece), piece));
}

Expectation usual_answer(const providers::ChatRequest& chat, const config::Model& model) {
  constexpr std::int64_t kUsual = 300;
  const std::int64_t unknown = model.max_output_tokens > 0 ? model.max_output_tokens : kUsual;
  return expect(chat, std::min(chat.max_tokens.value_or(unknown), kUsual));
}

Reservation reserve(const providers::ChatRequest& chat, const Expectation& tokens,
                    const std::optional<config::Price>& price) {
  Reservation reservation{tokens, std::nullopt, {}};
  if (!price) return reservation;
  reservation.output = output_price(chat.wants, *price);
  const PicoUsd input = cost(tokens.prompt_tokens, input_price(chat.wants, *price));
  const PicoUsd output = reservation.cost_of_more(tokens.output_tokens);
  reservation.amount = sum(sum(input, output), request_price(*price));
  return reservation;
}

PicoUsd Reservation::cost_of_more(std::int64_t output_tokens) const {
  return cost(output_tokens, output);
}

config::Price dearest(const config::Price& a, const config::Price& b) {
  config::Price out;
  out.input = std::max(a.input, b.input);
  out.output = std::max(a.output, b.output);
  out.cached_read = dearer(a.cached_read, a.input, b.cached_read, b.input);
  out.cached_write = dearer(a.cached_write, a.input, b.cached_write, b.input);
  out.audio_input = dearer(a.audio_input, a.input, b.audio_input, b.input);
  out.image_input = dearer(a.image_input, a.input, b.image_input, b.input);
  out.reasoning = dearer(a.reasoning, a.output, b.reasoning, b.output);
  out.audio_output = dearer(a.audio_output, a.output, b.audio_output, b.output);
  out.per_request = std::max(request_price(a), request_price(b));
  return out;
}

}  // namespace gateway::chat

#include "gateway/chat/admission.h"

#include <limits>

#include <fmt/format.h>

#include "gateway/limits/duration_text.h"

namespace gateway::chat {
namespace {

using config::Result;

struct RateHeaders {
  std::string_view limit;
  std::string_view remaining;
  std::string_view reset;
};
constexpr RateHeaders kRequests{"x-ratelimit-limit-requests", "x-ratelimit-remaining-requests",
                                "x-ratelimit-reset-requests"};
constexpr RateHeaders kTokens{"x-ratelimit-limit-tokens", "x-ratelimit-remaining-tokens",
                              "x-ratelimit-reset-tokens"};

void add_rate(const RateHeaders& names, const std::optional<limits::Rate>& rate,
              http::Reply& reply) {
  if (!rate) return;
  reply.add_header(names.limit, rate->limit);
  reply.add_header(names.remaining, rate->remaining);
  reply.add_header(names.reset, limits::duration_text(rate->reset));
}

// The price of an upstream model by its own name, from whichever route leads to it.
const config::Price* price_at(const config::Config& config, const config::ProviderName& provider,
                              std::string_view upstream_model) {
  for (const config::Model& model : config.models) {
    for (const config::Target& target : model.targets) {
      if (target.provider == provider && target.model == upstream_model && target.price) {
        return &*target.price;
      }
    }
  }
  return nullptr;
}

config::Error price_unknown(std::string_view model) {
  return config::failure(
      config::ErrorCode::price_unknown,
      fmt::format(
          "The price of the model '{}' is not known, and this key has a budget; use a model "
          "whose price is configured.",
          model));
}

std::int64_t sum(const Expectation& tokens) {
  std::int64_t total = 0;
  return __builtin_add_overflow(tokens.prompt_tokens, tokens.output_tokens, &total)
             ? std::numeric_limits<std::int64_t>::max()
             : total;
}

}  // namespace

Result<limits::Slot> admit(limits::Limiter& limiter, const VirtualKey& caller,
                           const providers::ChatRequest& chat, const config::Model& model,
                           limits::Now now) {
  const Expectation tokens = chat.stream ? first_piece(chat, model) : longest_answer(chat, model);
  return limiter.admit(caller.payers, sum(tokens), now);
}

void add_rate_headers(const limits::RateStatus& status, http::Reply& reply) {
  add_rate(kRequests, status.requests, reply);
  add_rate(kTokens, status.tokens, reply);
}

Result<Reservation> reservation(limits::Limiter& limiter, const VirtualKey& caller,
                                const providers::Call& call, const config::Model& model,
                                bool streamed, const config::Config& config) {
  const providers::ChatRequest& chat = call.chat;
  const bool has_budget = limiter.has_budget(caller.payers);
  std::optional<config::Price> price = call.target.price;
  for (const std::string& fallback : call.allowed_models) {
    const config::Price* other = price_at(config, call.target.provider, fallback);
    if (other == nullptr && has_budget) return price_unknown(fallback);
    if (other != nullptr && price) price = dearest(*price, *other);
  }
  if (!price && has_budget) return price_unknown(chat.model);
  return reserve(chat, streamed ? first_piece(chat, model) : longest_answer(chat, model), price);
}

Result<Stake> stake(limits::Limiter& limiter, const VirtualKey& caller, const providers::Call& call,
                    const config::Model& model, bool streamed, const config::Config& config,
                    limits::Now now) {
  auto reserved = reservation(limiter, caller, call, model, streamed, config);
  if (!reserved) return std::move(reserved).error();
  auto hold = limiter.hold(caller.payers, reserved->amount.value_or(config::PicoUsd{0}), now);
  if (!hold) return std::move(hold).error();
  return Stake{*std::move(reserved), *std::move(hold), now.wall, model.reserve_output_tokens};
}

}  // namespace gateway::chat

#pragma once
// What OpenRouter's files share: its models and its error shape. Free functions.

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "tests/support/upstream_simulator/dialect.h"

namespace simulator::openrouter {

struct Endpoint {
  std::string_view model;
  std::string_view provider;
  std::int64_t context;
  std::int64_t in_pico;  // pico-USD per token
  std::int64_t out_pico;
  bool tools;
  bool reasons;
};

inline constexpr std::array<Endpoint, 4> kEndpoints{{
    {"rekaai/reka-edge", "Reka", 16'384, 100'000, 100'000, true, false},
    {"rekaai/reka-flash-3", "Reka", 65'536, 100'000, 200'000, false, true},
    {"openai/text-embedding-3-small", "OpenAI", 8'192, 20'000, 0, false, false},
    {"mock", "Mock", 1'000'000, 100'000, 200'000, true, false},
}};
std::optional<Endpoint> endpoint_of(std::string_view model);

// {"error":{"message":…,"code":N,"metadata"?:…},"user_id":…}
Reply error(unsigned status, std::string_view message, js::object metadata);
std::string generation_id(const Exchange& exchange);

Reply chat(Exchange& exchange);
Reply completions(Exchange& exchange);
Reply embeddings(Exchange& exchange);
Reply models();
Reply look_up(const Exchange& exchange);  // GET with a key: generation, key, credits, endpoints

// Keeps what /generation tells later; the counts are parts of those of the reply.
void remember(const Exchange& exchange, const Endpoint& endpoint, const Reply& reply,
              std::int64_t cached_tokens = 0, std::int64_t reasoning_tokens = 0);

}  // namespace simulator::openrouter

// Any OpenAI-compatible server: vLLM and llama.cpp on premises, or a hosted one. What
// it can do is the operator's to say (config/capabilities.h); inline <reasoning> tags
// are split out where `reasoning_tags` is given.

#include <array>

#include "providers/openai_shape.h"

namespace providers {
namespace {

// OpenRouter's routing, which such servers ignore or, being such a router themselves,
// would bill.
constexpr std::array<std::string_view, 5> kDropped{"models", "plugins", "provider", "route",
                                                   "transforms"};

constexpr Dialect kDialect{.dropped = kDropped};

}  // namespace

std::unique_ptr<Adapter> make_openai() {
  return std::make_unique<OpenAiShape>(kDialect);
}

}  // namespace providers

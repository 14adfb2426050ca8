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

class OpenAi final : public OpenAiShape {
 public:
  OpenAi() : OpenAiShape(kDialect) {}

  // vLLM and llama.cpp have it at the root of the server, beside /v1.
  std::optional<UpstreamRequest> free_question(const config::Target& target,
                                               config::FreeQuestion question) const override {
    if (question != config::FreeQuestion::health)
      return OpenAiShape::free_question(target, question);
    constexpr std::string_view kVersion = "/v1";
    UpstreamRequest request = lookup(target, "");
    if (request.path.ends_with(kVersion)) {
      request.path.resize(request.path.size() - kVersion.size());
    }
    request.path += "/health";
    return request;
  }
};

}  // namespace

std::unique_ptr<Adapter> make_openai() {
  return std::make_unique<OpenAi>();
}

}  // namespace providers

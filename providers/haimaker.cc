// haimaker: a LiteLLM proxy. OpenAI-shaped, with LiteLLM's errors (classes named in the
// text, codes as strings), its cost in a header, usage only where asked for, and model
// names that come back changed.

#include <array>

#include "providers/openai_shape.h"

namespace providers {
namespace {

// LiteLLM answers 400 to parameters a model does not take; these none of its models
// behind haimaker is known to take.
constexpr std::array<std::string_view, 19> kDropped{"logit_bias",
                                                    "metadata",
                                                    "min_p",
                                                    "models",
                                                    "plugins",
                                                    "prediction",
                                                    "prompt_cache_key",
                                                    "prompt_cache_retention",
                                                    "provider",
                                                    "repetition_penalty",
                                                    "research",
                                                    "route",
                                                    "service_tier",
                                                    "store",
                                                    "top_a",
                                                    "transforms",
                                                    "verbosity",
                                                    "include_reasoning",
                                                    "tags"};

constexpr std::array<std::string_view, 3> kNoHistory{"reasoning", "reasoning_content",
                                                     "reasoning_details"};

constexpr Dialect kDialect{.dropped = kDropped,
                           .dropped_from_history = kNoHistory,
                           .cost_header = "x-litellm-response-cost",
                           .generation_header = "x-litellm-call-id"};

class Haimaker final : public OpenAiShape {
 public:
  Haimaker() : OpenAiShape(kDialect) {}

  config::Result<config::Capabilities> capabilities(const config::Target& target) const override {
    auto can = OpenAiShape::capabilities(target);
    if (!can) return can;
    can->completions = true;
    can->embeddings = true;
    can->several_choices = true;
    // haimaker's page: reasoning, but neither tools nor vision. How its reasoning comes
    // is not known: a field is taken as it is, tags are split out.
    if (target.model.ends_with("/reka-flash-3")) {
      can->tools = false;
      can->images = false;
      can->video = false;
      can->audio = false;
      can->files = false;
      can->embeddings = false;
      can->reasoning_tags = {"<reasoning>", "</reasoning>"};
    }
    return can;
  }
};

}  // namespace

std::unique_ptr<Adapter> make_haimaker() {
  return std::make_unique<Haimaker>();
}

}  // namespace providers

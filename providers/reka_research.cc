// Reka Research: answers with sources, searched for and thought through, priced per
// request (wire-facts 1.5). It speaks almost OpenAI's chat; what it cannot be asked is
// refused here, before it costs anything.

#include <array>
#include <memory>
#include <string>

#include <fmt/format.h>

#include "providers/openai_shape.h"
#include "providers/reka_research_options.h"
#include "providers/reka_research_stream.h"
#include "providers/reka_shared_fields.h"
#include "providers/reka_shared_send.h"

namespace providers {

std::unique_ptr<Adapter> make_reka_research();

namespace {

using config::Result;
using reka::Fate;

// Whatever is not here Research does not take: it is dropped and named.
constexpr std::array kFields{
    reka::Field{"model", Fate::model},
    reka::Field{"messages", Fate::messages},
    reka::Field{"stream", Fate::stream},
    reka::Field{"stream_options", Fate::consume},
    reka::Field{"research", Fate::pass},
    reka::Field{"response_format", Fate::response_format},
    reka::Field{"web_search_options", Fate::consume},
    reka::Field{"reasoning_effort", Fate::consume},
    reka::Field{"n", Fate::choices},
    reka::Field{"logprobs", Fate::logprobs},
    reka::Field{"top_logprobs", Fate::logprobs},
    reka::Field{"tools", Fate::tools},
    reka::Field{"functions", Fate::tools},
    reka::Field{"tool_choice", Fate::tool_choice},
    reka::Field{"function_call", Fate::tool_choice},
    reka::Field{"modalities", Fate::modalities},
    reka::Field{"audio", Fate::refuse},
};

constexpr reka::FieldTable kRequest{
    .fields = kFields, .otherwise = Fate::drop, .messages = reka::Spelling::plain};

std::string_view variant_of(const Call& call) {
  const auto options = reka::read_research_options(call);
  return options ? reka::price_variant(options->parallel_thinking) : std::string_view();
}

constexpr Dialect kAnswer{
    .dropped = {},
    .dropped_from_history = {},
    .reasoning_object = false,
    .audio_output = false,
    .stop_as_array = false,
    .cost_header = {},
    .generation_header = {},
    .price_variant = &variant_of,
};

class RekaResearch final : public OpenAiShape {
 public:
  RekaResearch() : OpenAiShape(kAnswer) {}

  Result<config::Capabilities> capabilities(const config::Target& target) const override {
    if (!target.preset.empty()) {
      return config::invalid_request(
          fmt::format("kind 'reka_research' has no preset \"{}\"", target.preset));
    }
    if (target.model != "reka-flash-research" && target.model != "reka-flash-research-20250708") {
      return config::invalid_request(fmt::format(
          "kind 'reka_research' serves only reka-flash-research, not \"{}\"", target.model));
    }
    config::Capabilities can;
    can.research = true;
    can.tools = false;
    can.system_role = config::SystemRole::fold_first;
    can.images = false;
    can.video = false;
    can.audio = false;
    can.files = false;
    can.json_object = false;
    can.logprobs = false;
    can.reasoning_effort = false;
    can.stream_options = false;
    return can;
  }

  Result<UpstreamRequest> encode(const Call& call) const override {
    auto options = reka::read_research_options(call);
    if (!options) return options.error();
    if (auto ok = reka::check_research_format(call); !ok) return ok.error();
    reka::RequestFields fields(call, kRequest);
    if (auto written = fields.write(); !written) return written.error();
    if (!options->made.empty()) fields.json().raw_member("research", options->made);
    if (options->drops_web_search_options) fields.dropped().name("web_search_options");
    if (options->drops_reasoning_effort) fields.dropped().name("reasoning_effort");
    UpstreamRequest request = fields.finish();
    reka::address(call, "/chat/completions", request);
    return request;
  }

  UpstreamRequest lookup(const config::Target& target, std::string_view path) const override {
    return reka::with_both_keys(Adapter::lookup(target, path), target);
  }

  std::unique_ptr<StreamDecoder> open_stream(const Call& call,
                                             const AnswerHead& head) const override {
    return std::make_unique<reka::ResearchStream>(call, head, dialect());
  }
};

}  // namespace

std::unique_ptr<Adapter> make_reka_research() {
  return std::make_unique<RekaResearch>();
}

}  // namespace providers

// Reka's native chat, POST /v1/chat: the API of 2024, still spoken by deployments of
// that time (wire-facts 1.2).

#include <array>
#include <memory>
#include <utility>

#include <fmt/format.h>

#include "providers/adapter.h"
#include "providers/reka_chat_answer.h"
#include "providers/reka_chat_stream.h"
#include "providers/reka_shared_fields.h"
#include "providers/reka_shared_send.h"
#include "providers/upstream_error.h"

namespace providers {

std::unique_ptr<Adapter> make_reka_chat();

namespace {

using reka::Fate;

// Whatever is not here the API does not have: it is dropped and named.
constexpr std::array kFields{
    reka::Field{"model", Fate::model},
    reka::Field{"messages", Fate::messages},
    reka::Field{"stream", Fate::stream},
    reka::Field{"stream_options", Fate::consume},
    reka::Field{"max_tokens", Fate::max_tokens},
    reka::Field{"max_completion_tokens", Fate::max_tokens},
    reka::Field{"temperature", Fate::pass},
    reka::Field{"top_p", Fate::pass},
    reka::Field{"top_k", Fate::pass},
    reka::Field{"seed", Fate::pass},
    reka::Field{"stop", Fate::stop},
    reka::Field{"frequency_penalty", Fate::pass},
    reka::Field{"presence_penalty", Fate::pass},
    reka::Field{"n", Fate::choices},
    reka::Field{"logprobs", Fate::logprobs},
    reka::Field{"top_logprobs", Fate::logprobs},
    reka::Field{"tools", Fate::tools},
    reka::Field{"functions", Fate::tools},
    reka::Field{"tool_choice", Fate::tool_choice},
    reka::Field{"function_call", Fate::tool_choice},
    reka::Field{"response_format", Fate::response_format},
    reka::Field{"web_search_options", Fate::web_search},
    reka::Field{"modalities", Fate::modalities},
    reka::Field{"audio", Fate::refuse},
};

constexpr reka::FieldTable kRequest{
    .fields = kFields, .otherwise = Fate::drop, .messages = reka::Spelling::native};

class RekaChat final : public Adapter {
 public:
  config::Result<config::Capabilities> capabilities(const config::Target& target) const override {
    if (!target.preset.empty()) {
      return config::invalid_request(
          fmt::format("kind reka_chat has no presets; there is no \"{}\"", target.preset),
          "preset");
    }
    config::Capabilities can;
    can.tools_style = config::ToolsStyle::flat;
    can.tool_results = config::ToolResults::tool_output;
    can.system_role = config::SystemRole::fold_first;
    can.alternating_roles = true;
    can.media_style = config::MediaStyle::plain_text;
    can.json_object = false;
    can.json_schema = false;
    can.logprobs = false;
    can.reasoning_effort = false;
    can.stream_options = false;
    can.stream_text = config::StreamText::automatic;
    return can;
  }

  config::Result<UpstreamRequest> encode(const Call& call) const override {
    reka::RequestFields fields(call, kRequest);
    if (auto written = fields.write(); !written) return written.error();
    UpstreamRequest request = fields.finish();
    reka::address(call, "/chat", request);
    return request;
  }

  config::Result<Completion> decode(const Call& call, const AnswerHead& head,
                                    std::string_view body) const override {
    return reka::native_completion(call, head, body);
  }

  config::Error decode_error(const Call& call, const AnswerHead& head,
                             std::string_view body) const override {
    config::Error error = upstream_error(call, head, body);
    // The API left Reka's documentation: whoever runs the gateway has to know that it
    // may be gone where this target points.
    if (head.status == 404 || head.status == 405) {
      error.code = head.status == 405 ? config::ErrorCode::upstream_denied : error.code;
      error.message =
          fmt::format("Model {} is not served where this gateway asks for it.", call.chat.model);
      error.detail = fmt::format(
          "target {} speaks kind reka_chat, but {} does not where its base_url says ({}); use kind "
          "reka, or a base_url that serves Reka's native chat",
          call.target.name.view(), call.target.base_url.host_header, error.detail);
    }
    return error;
  }

  UpstreamRequest lookup(const config::Target& target, std::string_view path) const override {
    return reka::with_both_keys(Adapter::lookup(target, path), target);
  }

  std::unique_ptr<StreamDecoder> open_stream(const Call& call,
                                             const AnswerHead& head) const override {
    return std::make_unique<reka::NativeStream>(call, head);
  }
};

}  // namespace

std::unique_ptr<Adapter> make_reka_chat() {
  return std::make_unique<RekaChat>();
}

}  // namespace providers

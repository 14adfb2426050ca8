// Reka's OpenAI-compatible chat, POST /v1/chat/completions, as it is today (preset
// current) and as it was in spring 2026 (preset classic): no system role, strict
// alternation, flat tools, results as text, no stream together with tools (wire-facts
// 1.4). Every quirk is a capability that can be set by itself.

#include <array>
#include <memory>
#include <string>
#include <utility>

#include "providers/openai_parameters.h"
#include "providers/openai_shape.h"
#include "providers/reka_shared_history.h"
#include "providers/reka_shared_messages.h"
#include "providers/reka_shared_send.h"
#include "providers/reka_shared_text.h"
#include "providers/reka_shared_tools.h"

namespace providers {

std::unique_ptr<Adapter> make_reka();

namespace {

using config::Capabilities;
using config::Result;

constexpr std::array<std::string_view, 23> kDropped{"min_p",
                                                    "top_a",
                                                    "repetition_penalty",
                                                    "logit_bias",
                                                    "parallel_tool_calls",
                                                    "web_search_options",
                                                    "research",
                                                    "provider",
                                                    "plugins",
                                                    "models",
                                                    "route",
                                                    "transforms",
                                                    "user",
                                                    "safety_identifier",
                                                    "metadata",
                                                    "store",
                                                    "service_tier",
                                                    "prompt_cache_key",
                                                    "prompt_cache_retention",
                                                    "prediction",
                                                    "verbosity",
                                                    "cache_control",
                                                    "include_reasoning"};

constexpr std::array<std::string_view, 3> kDroppedFromHistory{"reasoning", "reasoning_content",
                                                              "reasoning_details"};

constexpr Dialect kDialect{
    .dropped = kDropped,
    .dropped_from_history = kDroppedFromHistory,
    .reasoning_object = false,
    .audio_output = false,
    .stop_as_array = true,
    .cost_header = {},
    .generation_header = {},
};

Capabilities classic() {
  Capabilities can;
  can.tools_style = config::ToolsStyle::flat;
  can.tool_results = config::ToolResults::user_text;
  can.stream_with_tools = false;
  can.system_role = config::SystemRole::fold_next;
  can.alternating_roles = true;
  can.media_style = config::MediaStyle::plain_text;
  can.json_object = false;
  can.json_schema = false;
  can.logprobs = false;
  can.reasoning_effort = false;
  can.stream_options = false;
  return can;
}

Capabilities current(std::string_view model) {
  Capabilities can;
  can.audio = false;
  can.files = false;
  can.json_object = false;
  can.logprobs = false;
  can.stream_options = false;
  if (model.starts_with("reka-edge")) can.max_images = 3;
  if (model.starts_with("reka-flash-3")) {
    can.tools = false;
    can.images = false;
    can.video = false;
  }
  if (model.starts_with("qwen3.8")) can.json_schema = false;
  return can;
}

// The messages as they stand will not do.
bool reshapes_messages(const Capabilities& can) {
  return can.system_role != config::SystemRole::pass || can.alternating_roles ||
         can.tool_results != config::ToolResults::tool_role ||
         can.media_style != config::MediaStyle::object;
}

class Reka final : public OpenAiShape {
 public:
  Reka() : OpenAiShape(kDialect) {}

  Result<Capabilities> capabilities(const config::Target& target) const override {
    if (target.preset == "classic") return classic();
    if (target.preset.empty() || target.preset == "current") return current(target.model);
    return config::invalid_request("kind 'reka' has the presets 'current' and 'classic', not \"" +
                                   target.preset + '"');
  }

 protected:
  Result<void> amend(const Call& call, RequestDraft& draft) const override {
    if (call.chat.operation != Operation::chat) return {};
    const Capabilities& can = call.target.can;
    // Text is what there is; the field itself is not known to all of them.
    if (!call.chat.wants.json_object && !call.chat.wants.json_schema) draft.drop("response_format");
    const Conversation conversation = read_conversation(call.json, call.chat);
    reka::Dropped dropped;
    if (reshapes_messages(can)) {
      auto reshaped = reshape(call, conversation, draft, dropped);
      if (!reshaped) return reshaped;
    }
    if (can.tools_style == config::ToolsStyle::flat && draft.has("tools")) {
      if (auto flat = flatten_tools(call, conversation, draft, dropped); !flat) return flat;
    }
    // The common rules had it asked for whole because of tools that are gone now.
    if (call.chat.stream && !draft.has("tools")) draft.set("stream", "true");
    for (std::string& name : dropped.take()) draft.name_dropped(std::move(name));
    return {};
  }

  UpstreamRequest lookup(const config::Target& target, std::string_view path) const override {
    return reka::with_both_keys(Adapter::lookup(target, path), target);
  }

  // The documentation changed from one way of naming the key to the other; either is
  // understood (wire-facts 1.1).
  void add_headers(const Call& call, UpstreamRequest& request) const override {
    const std::string_view key = call.api_key().reveal();
    if (!key.empty()) request.headers.emplace_back("x-api-key", key);
  }

 private:
  static Result<void> reshape(const Call& call, const Conversation& conversation,
                              RequestDraft& draft, reka::Dropped& dropped) {
    const Capabilities& can = call.target.can;
    auto history = reka::make_history(conversation, can, call.chat.model, dropped);
    if (!history) return history.error();
    Body body;
    reka::RequestText text(body, {});
    auto written = reka::write_messages(text, *history, can, reka::CallStyle::openai, call.json);
    if (!written) return written;
    text.finish();
    draft.set("messages", body.str());

    // Such a model would call again instead of reading the result.
    const bool as_text = can.tool_results == config::ToolResults::user_text;
    if (as_text && history->answers_tools) {
      draft.drop_named("tools");
      draft.drop("tool_choice");
    }
    return {};
  }

  static Result<void> flatten_tools(const Call& call, const Conversation& conversation,
                                    RequestDraft& draft, reka::Dropped& dropped) {
    const auto style = call.target.can.tools_style;
    auto tools = reka::select_tools(conversation, call.target.can, call.chat.model,
                                    speaks_of_functions(call.chat));
    if (!tools) return tools.error();
    if (reka::any_strict(*tools, call.json)) dropped.name("tools.function.strict");
    Body list;
    reka::RequestText text(list, {});
    reka::write_tools(text, *tools, style, false);
    text.finish();
    draft.set("tools", list.str());
    if (conversation.tool_choice == ToolChoice::absent) return {};
    Body choice;
    reka::RequestText word(choice, {});
    reka::write_tool_choice(word, conversation, style, false);
    word.finish();
    draft.set("tool_choice", choice.str());
    return {};
  }
};

}  // namespace

std::unique_ptr<Adapter> make_reka() {
  return std::make_unique<Reka>();
}

}  // namespace providers

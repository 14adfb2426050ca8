// OpenRouter's chat: strict where it is strict, silent where it silently drops.

#include <algorithm>

#include "tests/support/upstream_simulator/openai_question.h"
#include "tests/support/upstream_simulator/openai_shape.h"
#include "tests/support/upstream_simulator/openrouter.h"

namespace simulator::openrouter {
namespace {

Reply invalid(std::string_view message) {
  return error(400, message, {});
}

const js::object* object_of(const js::object& object, std::string_view name) {
  const auto* value = member(object, name);
  return value ? value->if_object() : nullptr;
}

const js::array* list_of(const js::object& object, std::string_view name) {
  const auto* value = member(object, name);
  return value ? value->if_array() : nullptr;
}

bool lists(const js::array* list, std::string_view text) {
  return list && std::ranges::any_of(*list, [&](const js::value& entry) {
           return equal_ignoring_case(text_of(entry), text);
         });
}

std::optional<double> number_of(const js::object& object, std::string_view name) {
  const auto* value = member(object, name);
  if (!value || !value->is_number()) return std::nullopt;
  return value->to_number<double>();
}

// reasoning_details of an earlier turn come back as they left, in order, or not at all.
std::optional<Reply> check_details(const Exchange& exchange, const js::object& message) {
  const auto* details = member(message, "reasoning_details");
  const auto* calls = list_of(message, "tool_calls");
  if (!details || !calls || calls->empty() || !(*calls)[0].is_object()) return std::nullopt;
  const auto kept = exchange.state.reasoning(std::string(text_of((*calls)[0].get_object(), "id")));
  if (kept && *kept != js::serialize(*details))
    return invalid("reasoning_details were modified since they were sent");
  return std::nullopt;
}

std::optional<Reply> check_messages(const Exchange& exchange) {
  const auto& body = *exchange.body;
  if (member(body, "prompt")) return std::nullopt;
  const auto* messages = list_of(body, "messages");
  if (!messages || messages->empty())
    return invalid("Input required: specify \"prompt\" or \"messages\"");
  for (const auto& message : *messages) {
    const auto* object = message.if_object();
    if (!object) return invalid("messages must be objects");
    const auto role = text_of(*object, "role");
    if (role != "system" && role != "user" && role != "developer" && role != "assistant" &&
        role != "tool")
      return invalid("Invalid role");
    if (role == "tool" && text_of(*object, "tool_call_id").empty())
      return invalid("tool messages need tool_call_id");
    if (auto refusal = check_details(exchange, *object)) return refusal;
  }
  return std::nullopt;
}

std::optional<Reply> check_parameters(const js::object& body) {
  if (member(body, "reasoning") && member(body, "reasoning_effort"))
    return invalid("Only one of \"reasoning\" and \"reasoning_effort\" may be provided");
  if (const auto* stop = list_of(body, "stop"); stop && stop->size() > 4)
    return invalid("stop: at most 4 sequences");
  if (const auto heat = number_of(body, "temperature"); heat && (*heat < 0 || *heat > 2))
    return invalid("temperature must be between 0 and 2");
  if (const auto top = number_of(body, "top_logprobs"); top && (*top < 0 || *top > 20))
    return invalid("top_logprobs must be between 0 and 20");
  if (const auto* metadata = object_of(body, "metadata"); metadata && metadata->size() > 16)
    return invalid("metadata: at most 16 pairs");
  if (text_of(body, "session_id").size() > 256) return invalid("session_id is too long");
  if (const auto* tools = list_of(body, "tools")) {
    for (const auto& tool : *tools)
      if (!tool.is_object() || !object_of(tool.get_object(), "function"))
        return invalid("tools must be {type: function, function: {…}}");
  }
  return std::nullopt;
}

bool is_too_dear(const js::object& provider, const Endpoint& endpoint) {
  const auto* most = object_of(provider, "max_price");
  if (!most) return false;
  const auto prompt = number_of(*most, "prompt");
  const auto completion = number_of(*most, "completion");
  const auto usd_per_million = [](std::int64_t pico) { return static_cast<double>(pico) / 1e6; };
  return (prompt && *prompt < usd_per_million(endpoint.in_pico)) ||
         (completion && *completion < usd_per_million(endpoint.out_pico));
}

bool lacks_a_parameter(const js::object& body, const Endpoint& endpoint) {
  const auto* tools = list_of(body, "tools");
  if (tools && !tools->empty() && !endpoint.tools) return true;
  return member(body, "logprobs") != nullptr || member(body, "logit_bias") != nullptr;
}

std::optional<Reply> check_routing(const js::object& body, const Endpoint& endpoint) {
  const auto nothing = [] { return error(404, "No endpoints found that satisfy the request", {}); };
  const auto* provider = object_of(body, "provider");
  if (!provider) return std::nullopt;
  const auto* only = list_of(*provider, "only");
  const auto* order = list_of(*provider, "order");
  const auto* fallbacks = member(*provider, "allow_fallbacks");
  if (only && !lists(only, endpoint.provider)) return nothing();
  if (lists(list_of(*provider, "ignore"), endpoint.provider)) return nothing();
  const bool pinned = fallbacks && fallbacks->is_bool() && !fallbacks->get_bool();
  if (order && pinned && !lists(order, endpoint.provider)) return nothing();
  if (is_too_dear(*provider, endpoint)) return nothing();
  if (truthy(*provider, "require_parameters") && lacks_a_parameter(body, endpoint))
    return nothing();
  return std::nullopt;
}

// The model, else the first of models[] that exists.
std::optional<Endpoint> choose_endpoint(Exchange& exchange) {
  if (auto endpoint = endpoint_of(exchange.model)) return endpoint;
  if (const auto* models = list_of(*exchange.body, "models")) {
    for (const auto& model : *models) {
      auto endpoint = endpoint_of(split_model(text_of(model)).base);
      if (!endpoint) continue;
      exchange.model = endpoint->model;
      return endpoint;
    }
  }
  return std::nullopt;
}

std::int64_t cost_of(const Said& said, const Endpoint& endpoint) {
  return said.prompt_tokens * endpoint.in_pico + said.completion_tokens * endpoint.out_pico;
}

js::object usage_of(const Said& said, const Endpoint& endpoint, bool own_key) {
  const auto prompt = said.prompt_tokens * endpoint.in_pico;
  const auto completion = said.completion_tokens * endpoint.out_pico;
  auto usage = plain_usage(said);
  // With the user's own provider key OpenRouter charges its fee; the provider charges the rest.
  usage["cost"] =
      exact_number(usd_text(own_key ? (prompt + completion) / 20 : prompt + completion));
  usage["is_byok"] = own_key;
  usage["prompt_tokens_details"] = js::object{{"cached_tokens", said.cached_tokens},
                                              {"cache_write_tokens", 0},
                                              {"audio_tokens", 0},
                                              {"video_tokens", 0}};
  usage["cost_details"] =
      js::object{{"upstream_inference_cost",
                  own_key ? exact_number(usd_text(prompt + completion)) : js::value(nullptr)},
                 {"upstream_inference_prompt_cost", exact_number(usd_text(prompt))},
                 {"upstream_inference_completions_cost", exact_number(usd_text(completion))}};
  usage["completion_tokens_details"] = js::object{
      {"reasoning_tokens", said.reasoning_tokens}, {"image_tokens", 0}, {"audio_tokens", 0}};
  return usage;
}

OpenAiShape shape_of(const Exchange& exchange, const Endpoint& endpoint) {
  const bool own_key = exchange.faults.has(fault("usage-byok"));
  OpenAiShape shape;
  shape.id = generation_id(exchange);
  shape.model = exchange.model;
  shape.extras = {{"provider", json_string(endpoint.provider)}};
  shape.reasoning_member = "reasoning";
  shape.reasoning_details = true;
  shape.opening_chunk = false;
  shape.role_every_chunk = true;
  shape.empty_content_beside_reasoning = true;
  shape.native_finish = true;
  shape.usage_place = UsagePlace::empty_delta;
  shape.usage = [endpoint, own_key](const Said& said) { return usage_of(said, endpoint, own_key); };
  return shape;
}

bool wants_reasoning(const js::object& body, const Endpoint& endpoint) {
  if (text_of(body, "reasoning_effort") == "none") return false;
  const auto* reasoning = object_of(body, "reasoning");
  if (!reasoning) return endpoint.reasons || member(body, "reasoning_effort") != nullptr;
  if (text_of(*reasoning, "effort") == "none" || truthy(*reasoning, "exclude")) return false;
  const auto* enabled = member(*reasoning, "enabled");
  return !(enabled && enabled->is_bool() && !enabled->get_bool());
}

}  // namespace

std::string generation_id(const Exchange& exchange) {
  return "gen-1790000000-" + exchange.id;
}

Reply chat(Exchange& exchange) {
  const auto endpoint = choose_endpoint(exchange);
  if (!endpoint) return error(400, exchange.model + " is not a valid model ID", {});
  if (auto refusal = check_messages(exchange)) return std::move(*refusal);
  if (auto refusal = check_parameters(*exchange.body)) return std::move(*refusal);
  if (auto refusal = check_routing(*exchange.body, *endpoint)) return std::move(*refusal);

  auto question = read_question(*exchange.body, exchange.id);
  question.thinks = wants_reasoning(*exchange.body, *endpoint);
  if (!endpoint->tools) question.tools.clear();  // silently, as the real one does
  const auto said = say(question, exchange.faults);
  if (!said.calls.empty() && !said.reasoning.empty())
    exchange.state.remember_reasoning(said.calls[0].id,
                                      js::serialize(reasoning_details(said.whole_reasoning())));

  const auto shape = shape_of(exchange, *endpoint);
  auto reply = truthy(*exchange.body, "stream") ? streamed_answer(shape, said, exchange.faults)
                                                : whole_answer(shape, said, exchange.faults);
  reply.accounting = {said.prompt_tokens, said.completion_tokens, cost_of(said, *endpoint)};
  remember(exchange, *endpoint, reply, said.cached_tokens, said.reasoning_tokens);
  return reply;
}

}  // namespace simulator::openrouter

// OpenRouter's other endpoints: models, generations, the key's state, embeddings and
// legacy completions.

#include "tests/support/upstream_simulator/openai_extras.h"
#include "tests/support/upstream_simulator/openai_shape.h"
#include "tests/support/upstream_simulator/openrouter.h"

namespace simulator::openrouter {
namespace {

js::object pricing_of(const Endpoint& endpoint) {
  return {{"prompt", json_string(usd_text(endpoint.in_pico))},
          {"completion", json_string(usd_text(endpoint.out_pico))},
          {"request", "0"},
          {"image", "0"}};
}

js::array parameters_of(const Endpoint& endpoint) {
  js::array names{"max_tokens",        "temperature",      "top_p", "top_k", "stop",
                  "frequency_penalty", "presence_penalty", "seed"};
  if (endpoint.tools) names.insert(names.end(), {"tools", "tool_choice"});
  if (endpoint.reasons) names.insert(names.end(), {"reasoning", "include_reasoning"});
  return names;
}

js::object model_json(const Endpoint& endpoint) {
  return {{"id", json_string(endpoint.model)},
          {"canonical_slug", json_string(endpoint.model)},
          {"name", json_string(endpoint.model)},
          {"created", kCreated},
          {"description", "A simulated model."},
          {"context_length", endpoint.context},
          {"architecture", js::object{{"modality", "text->text"},
                                      {"input_modalities", js::array{"text", "image"}},
                                      {"output_modalities", js::array{"text"}},
                                      {"tokenizer", "Other"},
                                      {"instruct_type", nullptr}}},
          {"pricing", pricing_of(endpoint)},
          {"top_provider", js::object{{"context_length", endpoint.context},
                                      {"max_completion_tokens", nullptr},
                                      {"is_moderated", false}}},
          {"per_request_limits", nullptr},
          {"supported_parameters", parameters_of(endpoint)},
          {"default_parameters", nullptr}};
}

Reply ok(js::object data) {
  return json_reply(200, to_text(js::object{{"data", std::move(data)}}));
}

Reply generation(const Exchange& exchange) {
  constexpr std::string_view kId = "id=";
  const auto at = exchange.query.find(kId);
  const auto id = at == std::string_view::npos ? "" : exchange.query.substr(at + kId.size());
  const auto facts = exchange.state.generation(std::string(id.substr(0, id.find('&'))));
  if (!facts) return error(404, "Generation not found", {});
  return ok(*facts);
}

Reply endpoints(std::string_view path) {
  constexpr std::string_view kBefore = "/api/v1/models/";
  constexpr std::string_view kAfter = "/endpoints";
  path.remove_prefix(kBefore.size());
  path.remove_suffix(kAfter.size());
  const auto endpoint = endpoint_of(path);
  if (!endpoint) return error(404, "Model not found", {});
  js::array list;
  list.push_back(js::object{{"name", json_string(endpoint->provider)},
                            {"provider_name", json_string(endpoint->provider)},
                            {"tag", "reka/fp16"},
                            {"context_length", endpoint->context},
                            {"max_completion_tokens", nullptr},
                            {"pricing", pricing_of(*endpoint)},
                            {"quantization", "fp16"},
                            {"status", 0},
                            {"supported_parameters", parameters_of(*endpoint)},
                            {"uptime_last_30m", 99.5},
                            {"latency_last_30m", nullptr},
                            {"throughput_last_30m", nullptr}});
  return ok({{"id", json_string(endpoint->model)},
             {"name", json_string(endpoint->model)},
             {"endpoints", std::move(list)}});
}

}  // namespace

Reply models() {
  js::array list;
  for (const auto& endpoint : kEndpoints) list.push_back(model_json(endpoint));
  const auto count = list.size();
  return json_reply(200, to_text(js::object{{"data", std::move(list)},
                                            {"links", js::object{{"next", nullptr}}},
                                            {"total_count", count}}));
}

Reply look_up(const Exchange& exchange) {
  const auto path = exchange.path;
  const bool spent = exchange.faults.has(fault("key-spent"));
  if (path == "/api/v1/generation") return generation(exchange);
  if (path == "/api/v1/key")
    return ok({{"label", "sk-or-v1-sim...ted"},
               {"limit", 100},
               {"limit_remaining", spent ? 0 : 74.5},
               {"usage", spent ? 100 : 25.5},
               {"usage_daily", 1.25},
               {"usage_weekly", 5},
               {"usage_monthly", 25.5},
               {"is_free_tier", false}});
  if (path == "/api/v1/credits") return ok({{"total_credits", 100.5}, {"total_usage", 25.75}});
  if (path.starts_with("/api/v1/models/") && path.ends_with("/endpoints")) return endpoints(path);
  return error(404, "Not Found", {});
}

void remember(const Exchange& exchange, const Endpoint& endpoint, const Reply& reply,
              std::int64_t cached_tokens, std::int64_t reasoning_tokens) {
  const auto& counted = reply.accounting;
  const auto pico = counted.pico_usd;
  const bool own_key = exchange.faults.has(fault("usage-byok"));
  js::object facts{
      {"id", json_string(generation_id(exchange))},
      {"model", json_string(exchange.model)},
      {"provider_name", json_string(endpoint.provider)},
      {"total_cost", exact_number(usd_text(own_key ? pico / 20 : pico))},
      {"upstream_inference_cost", own_key ? exact_number(usd_text(pico)) : js::value(0)},
      {"tokens_prompt", counted.prompt_tokens},
      {"tokens_completion", counted.completion_tokens},
      {"native_tokens_prompt", counted.prompt_tokens},
      {"native_tokens_completion", counted.completion_tokens},
      {"native_tokens_reasoning", reasoning_tokens},
      {"native_tokens_cached", cached_tokens},
      {"finish_reason", "stop"},
      {"native_finish_reason", "stop"},
      {"streamed", reply.streamed},
      {"cancelled", false},
      {"latency", 10},
      {"generation_time", 20},
      {"is_byok", own_key},
      {"upstream_id", nullptr},
      {"created_at", "2026-09-21T00:00:00Z"}};
  exchange.state.remember_generation(generation_id(exchange), std::move(facts));
}

Reply embeddings(Exchange& exchange) {
  const auto endpoint = endpoint_of(exchange.model);
  if (!endpoint) return error(400, exchange.model + " is not a valid model ID", {});
  auto made = embed(*exchange.body, exchange.model);
  if (!made) return error(400, "Invalid input", {});
  const auto pico = made->prompt_tokens * endpoint->in_pico;
  made->json["usage"].as_object()["cost"] = exact_number(usd_text(pico));
  auto reply = json_reply(200, to_text(made->json));
  reply.accounting = {made->prompt_tokens, 0, pico};
  return reply;
}

Reply completions(Exchange& exchange) {
  const auto endpoint = endpoint_of(exchange.model);
  if (!endpoint) return error(400, exchange.model + " is not a valid model ID", {});
  auto reply = complete(*exchange.body, exchange.model, generation_id(exchange), exchange.faults);
  reply.accounting.pico_usd = reply.accounting.prompt_tokens * endpoint->in_pico +
                              reply.accounting.completion_tokens * endpoint->out_pico;
  remember(exchange, *endpoint, reply);
  return reply;
}

}  // namespace simulator::openrouter

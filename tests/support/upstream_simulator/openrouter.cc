// OpenRouter: chat with its routing, comments, costs and many shapes of failure.

#include "tests/support/upstream_simulator/openrouter.h"

#include <algorithm>
#include <array>

#include "tests/support/upstream_simulator/openai_question.h"
#include "tests/support/upstream_simulator/openai_shape.h"

namespace simulator {
namespace openrouter {

std::optional<Endpoint> endpoint_of(std::string_view model) {
  if (model.ends_with(":free")) model.remove_suffix(5);
  for (const auto& endpoint : kEndpoints)
    if (endpoint.model == model) return endpoint;
  return std::nullopt;
}

Reply error(unsigned status, std::string_view message, js::object metadata) {
  js::object error{{"message", json_string(message)}, {"code", status}};
  if (!metadata.empty()) error["metadata"] = std::move(metadata);
  return json_reply(status, js::serialize(js::object{{"error", std::move(error)},
                                                     {"user_id", "user_simulated"}}));
}

namespace {

std::string_view usual_message(unsigned status) {
  switch (status) {
    case 400:
      return "Bad request";
    case 401:
      return "No auth credentials found";
    case 402:
      return "Insufficient credits. Add more using https://openrouter.ai/credits";
    case 403:
      return "Forbidden";
    case 404:
      return "No endpoints found that satisfy the request";
    case 408:
      return "Request timed out";
    case 413:
      return "Payload too large";
    case 429:
      return "Rate limit exceeded";
    case 502:
      return "Provider returned error";
    case 503:
      return "No provider available";
    case 504:
      return "Provider timed out";
    case 529:
      return "Provider overloaded";
    default:
      return "Internal Server Error";
  }
}

Reply availability(unsigned status) {
  js::object available{{"code", status == 429 ? "capacity_exhausted" : "temporarily_unavailable"},
                       {"retryable", true},
                       {"retry_after", 5},
                       {"requested_models", js::array{"rekaai/reka-edge"}},
                       {"fallback_models", js::array()}};
  js::object error{{"message", "No capacity"},
                   {"error_type", status == 429 ? "rate_limit_exceeded" : "provider_overloaded"},
                   {"http_status", status},
                   {"availability", std::move(available)},
                   {"metadata", js::object()}};
  auto reply = json_reply(status, js::serialize(js::object{{"error", std::move(error)}}));
  reply.headers.emplace_back("Retry-After", "5");
  return reply;
}

class OpenRouter final : public Dialect {
 public:
  std::string_view name() const override { return "openrouter"; }

  Reply answer(Exchange& exchange) const override {
    if (exchange.path == "/api/v1/models" && exchange.request.method == "GET") return models();
    if (!exchange.state.key_is_right(name(), exchange.request.bearer()))
      return refuse(401, Cause::by_status, {});
    if (exchange.request.method == "GET") return look_up(exchange);
    if (exchange.request.method != "POST") return error(405, "Method not allowed", {});
    if (!exchange.body) return error(400, "Invalid JSON body", {});
    if (exchange.path == "/api/v1/chat/completions") return chat(exchange);
    if (exchange.path == "/api/v1/completions") return completions(exchange);
    if (exchange.path == "/api/v1/embeddings") return embeddings(exchange);
    return error(404, "Not Found", {});
  }

  Reply refuse(unsigned status, Cause cause, std::string_view text) const override {
    switch (cause) {
      case Cause::credits:
        return error(402, usual_message(402), {});
      case Cause::context:
        return error(400,
                     "This endpoint's maximum context length is 16384 tokens. However, you "
                     "requested about 20000 tokens.",
                     {{"error_type", "context_length_exceeded"}});
      case Cause::moderation:
        return error(403, "Your input was flagged",
                     {{"reasons", js::array{"violence"}},
                      {"flagged_input", "the flagged words"},
                      {"provider_name", "Reka"},
                      {"model_slug", "rekaai/reka-edge"}});
      case Cause::policy:
        return error(400, "The prompt was refused", {{"error_type", "content_policy_violation"}});
      case Cause::availability:
        return availability(status);
      case Cause::limits_in_metadata:
        return error(429, usual_message(429),
                     {{"headers", js::object{{"X-RateLimit-Limit", "20"},
                                             {"X-RateLimit-Remaining", "0"},
                                             {"X-RateLimit-Reset", "1790000060000"}}}});
      case Cause::unknown_model:
        return error(400, text.empty() ? "mock is not a valid model ID" : text, {});
      default:
        break;
    }
    if (!text.empty()) return error(status, text, {});
    if (status == 429 || status == 502)
      return error(status, "Provider returned error",
                   {{"provider_name", "Reka"}, {"raw", R"({"detail":"busy"})"}});
    return error(status, usual_message(status), {});
  }

  std::string failing_event() const override {
    return R"({"id":"gen-1790000000-failed","object":"chat.completion.chunk","created":1790000000,)"
           R"("model":"rekaai/reka-edge","provider":"Reka","error":{"code":502,"message":"Upstream closed",)"
           R"("metadata":{"error_type":"provider_unavailable"}},)"
           R"("choices":[{"index":0,"delta":{"content":""},"finish_reason":"error"}]})";
  }

  void dress(Reply& reply, const Exchange& exchange) const override {
    reply.headers.emplace_back("X-Generation-Id", generation_id(exchange));
  }
};

}  // namespace
}  // namespace openrouter

std::unique_ptr<Dialect> make_openrouter() {
  return std::make_unique<openrouter::OpenRouter>();
}

}  // namespace simulator

// haimaker: a LiteLLM proxy, with its headers, its string-valued codes and the streams that
// end without [DONE] when they fail.

#include <algorithm>
#include <array>

#include "tests/support/upstream_simulator/dialect.h"
#include "tests/support/upstream_simulator/openai_extras.h"
#include "tests/support/upstream_simulator/openai_question.h"
#include "tests/support/upstream_simulator/openai_shape.h"

namespace simulator {
namespace {

constexpr std::int64_t kInPico = 100'000;  // pico-USD per token
constexpr std::int64_t kOutPico = 200'000;

constexpr std::array<std::string_view, 5> kModels{"rekaai/reka-flash-3", "openai/gpt-4o",
                                                  "openai/text-embedding-3-small", "haimaker/auto",
                                                  "mock"};

Reply error(unsigned status, std::string_view message, std::string_view type = "None",
            std::string_view param = "None") {
  return json_reply(status,
                    js::serialize(js::object{
                        {"error", js::object{{"message", json_string(message)},
                                             {"type", json_string(type)},
                                             {"param", json_string(param)},
                                             {"code", json_string(std::to_string(status))}}}}));
}

std::string litellm(std::string_view exception, std::string_view text) {
  return "litellm." + std::string(exception) + ": " + std::string(text);
}

std::string_view exception_of(unsigned status) {
  switch (status) {
    case 400:
      return "BadRequestError";
    case 401:
      return "AuthenticationError";
    case 403:
      return "PermissionDeniedError";
    case 404:
      return "NotFoundError";
    case 408:
      return "Timeout";
    case 422:
      return "UnprocessableEntityError";
    case 429:
      return "RateLimitError";
    case 502:
    case 503:
    case 504:
      return "ServiceUnavailableError";
    default:
      return status >= 500 ? "InternalServerError" : "BadRequestError";
  }
}

std::optional<Reply> unsupported(const js::object& body, std::string_view model) {
  if (model != "rekaai/reka-flash-3" || truthy(body, "drop_params")) return std::nullopt;
  for (const std::string_view name : {"tools", "tool_choice", "functions", "audio", "modalities"}) {
    if (!member(body, name)) continue;
    return error(400, litellm("UnsupportedParamsError", "openai does not support parameters: ['" +
                                                            std::string(name) +
                                                            "'], for model=reka-flash-3"));
  }
  if (count_parts(body, "image_url") > 0)
    return error(400, litellm("BadRequestError", "the model does not support images"));
  return std::nullopt;
}

std::optional<Reply> check(const js::object& body, std::string_view model) {
  const auto* messages = member(body, "messages");
  if (!messages || !messages->is_array() || messages->get_array().empty())
    return error(400, litellm("BadRequestError", "messages is required"));
  if (const auto* tools = member(body, "tools");
      tools && tools->is_array() && tools->get_array().empty())
    return error(500, litellm("APIConnectionError", "list index out of range"));
  for (const std::string_view name : {"provider", "plugins", "route", "transforms", "research"}) {
    if (member(body, name))
      return error(400,
                   litellm("UnsupportedParamsError", "unexpected parameter " + std::string(name)));
  }
  return unsupported(body, model);
}

class Haimaker final : public Dialect {
 public:
  std::string_view name() const override { return "haimaker"; }

  Reply answer(Exchange& exchange) const override {
    const auto key = exchange.request.bearer();
    if (!key.starts_with("sk-") || !exchange.state.key_is_right(name(), key))
      return refuse(401, Cause::by_status, {});
    if (exchange.path == "/v1/models") return models();
    if (exchange.request.method != "POST")
      return json_reply(405, R"({"detail":"Method Not Allowed"})");
    if (!exchange.body) return error(400, "Invalid JSON payload");
    if (std::ranges::find(kModels, exchange.model) == kModels.end())
      return refuse(404, Cause::unknown_model, {});

    if (exchange.path == "/v1/chat/completions") return chat(exchange);
    if (exchange.path == "/v1/completions") return legacy(exchange);
    if (exchange.path == "/v1/embeddings") return embeddings(exchange);
    return json_reply(404, R"({"detail":"Not Found"})");
  }

  Reply refuse(unsigned status, Cause cause, std::string_view text) const override {
    switch (cause) {
      case Cause::credits:
      case Cause::budget:
        return error(status == 400 ? 400 : 429,
                     "Budget has been exceeded! Current cost: 10.1, Max budget: 10.0",
                     "budget_exceeded");
      case Cause::no_deployments:
        return error(429,
                     litellm("RateLimitError", "No deployments available for selected model."));
      case Cause::rate_as_400:
        return error(400, litellm("RateLimitError", "rate limit reached upstream"));
      case Cause::context:
        return error(400, litellm("ContextWindowExceededError",
                                  "This model's maximum context length is 65536 tokens."));
      case Cause::unsupported:
        return error(400, litellm("UnsupportedParamsError",
                                  "openai does not support parameters: "
                                  "['logit_bias'], for model=reka-flash-3"));
      case Cause::policy:
      case Cause::moderation:
        return error(400, litellm("ContentPolicyViolationError", "The prompt was refused."));
      case Cause::unknown_model:
        return error(status, litellm(exception_of(status), "the model does not exist"));
      default:
        break;
    }
    if (status == 401)
      return error(401,
                   "Authentication Error, LiteLLM Virtual Key expected. Received=..., expected to "
                   "start with 'sk-'.",
                   "auth_error");
    return error(status, litellm(exception_of(status),
                                 text.empty() ? "The simulator was asked to refuse" : text));
  }

  std::string failing_event() const override {
    return R"({"error":{"message":"litellm.APIConnectionError: upstream closed","type":"None",)"
           R"("param":"None","code":"500"}})";
  }
  bool done_after_failure() const override { return false; }

  void dress(Reply& reply, const Exchange& exchange) const override {
    reply.headers.emplace_back("x-litellm-call-id", "call-" + exchange.id);
    reply.headers.emplace_back("x-litellm-version", "1.79.0");
    if (reply.status != 200) return;
    reply.headers.emplace_back("x-litellm-model-id", "deployment-1");
    reply.headers.emplace_back("x-litellm-model-api-base", "https://api.reka.ai/v1");
    reply.headers.emplace_back("x-litellm-key-spend", "0.0123");
    reply.headers.emplace_back("x-litellm-response-duration-ms", "12.5");
    reply.headers.emplace_back("x-litellm-attempted-retries", "0");
    reply.headers.emplace_back("x-ratelimit-limit-requests", "1000");
    reply.headers.emplace_back("x-ratelimit-remaining-requests", "999");
    // A stream's cost is not known when its head leaves.
    if (!reply.streamed && exchange.request.method == "POST" &&
        !exchange.faults.has(fault("no-cost-header")))
      reply.headers.emplace_back("x-litellm-response-cost",
                                 exchange.faults.has(fault("usage-cost-zero"))
                                     ? "0.0"
                                     : usd_text(reply.accounting.pico_usd));
  }

 private:
  static Reply models() {
    js::array list;
    for (const std::string_view id :
         {"rekaai/reka-flash-3", "openai/gpt-4o", "openai/text-embedding-3-small", "*", "openai/*"})
      list.push_back(js::object{{"id", json_string(id)},
                                {"object", "model"},
                                {"created", 1'677'610'602},
                                {"owned_by", "openai"}});
    return json_reply(200,
                      js::serialize(js::object{{"data", std::move(list)}, {"object", "list"}}));
  }

  static std::string without_namespace(std::string_view model) {
    return std::string(model.substr(model.find('/') + 1));
  }

  static bool asks_for_usage(const js::object& body) {
    const auto* options = member(body, "stream_options");
    return options && options->is_object() && truthy(options->get_object(), "include_usage");
  }

  static Reply chat(Exchange& exchange) {
    const auto& body = *exchange.body;
    if (auto refusal = check(body, exchange.model)) return std::move(*refusal);
    auto question = read_question(body, exchange.id);
    question.thinks =
        exchange.model == "rekaai/reka-flash-3" && text_of(body, "reasoning_effort") != "none";
    auto said = say(question, exchange.faults);

    OpenAiShape shape;
    shape.id = "chatcmpl-" + exchange.id;
    shape.model = without_namespace(exchange.model);
    shape.choices = std::clamp<std::int64_t>(integer_of(body, "n").value_or(1), 1, 8);
    shape.nulls = false;
    shape.opening_chunk = false;
    const auto choices = shape.choices;
    shape.usage = [choices](const Said& counted) {
      auto all = counted;
      all.completion_tokens *= choices;
      auto usage = plain_usage(all);
      usage["prompt_tokens_details"] =
          counted.cached_tokens > 0
              ? js::value(js::object{{"cached_tokens", counted.cached_tokens}})
              : js::value(nullptr);
      usage["completion_tokens_details"] =
          js::object{{"reasoning_tokens", counted.reasoning_tokens}};
      return usage;
    };
    const bool stream = truthy(body, "stream");
    shape.usage_place = asks_for_usage(body) ? UsagePlace::empty_delta : UsagePlace::nowhere;
    auto reply = stream ? streamed_answer(shape, said, exchange.faults)
                        : whole_answer(shape, said, exchange.faults);
    const auto completion = said.completion_tokens * choices;
    reply.accounting = {said.prompt_tokens, completion,
                        said.prompt_tokens * kInPico + completion * kOutPico};
    return reply;
  }

  static Reply legacy(Exchange& exchange) {
    auto reply = complete(*exchange.body, without_namespace(exchange.model), "cmpl-" + exchange.id,
                          exchange.faults);
    reply.accounting.pico_usd =
        reply.accounting.prompt_tokens * kInPico + reply.accounting.completion_tokens * kOutPico;
    return reply;
  }

  static Reply embeddings(Exchange& exchange) {
    auto made = embed(*exchange.body, without_namespace(exchange.model));
    if (!made) return error(400, litellm("BadRequestError", "input is required"));
    auto reply = json_reply(200, to_text(made->json));
    reply.accounting = {made->prompt_tokens, 0, made->prompt_tokens * 20'000};
    return reply;
  }
};

}  // namespace

std::unique_ptr<Dialect> make_haimaker() {
  return std::make_unique<Haimaker>();
}

}  // namespace simulator

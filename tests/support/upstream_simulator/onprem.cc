// Self-hosted models: vLLM's OpenAI server, and llama.cpp's with the knob `llamacpp`.

#include <algorithm>
#include <array>

#include "tests/support/upstream_simulator/dialect.h"
#include "tests/support/upstream_simulator/openai_extras.h"
#include "tests/support/upstream_simulator/openai_question.h"
#include "tests/support/upstream_simulator/openai_shape.h"

namespace simulator {
namespace {

constexpr std::array<std::string_view, 4> kModels{"RekaAI/reka-flash-3", "reka-edge-2603",
                                                  "text-embedding", "mock"};

std::string_view type_of(unsigned status) {
  switch (status) {
    case 401:
      return "AuthenticationError";
    case 404:
      return "NotFoundError";
    case 422:
      return "UnprocessableEntityError";
    case 429:
      return "RateLimitError";
    default:
      return status >= 500 ? "InternalServerError" : "BadRequestError";
  }
}

Reply error(unsigned status, std::string_view message) {
  return json_reply(
      status, js::serialize(js::object{{"error", js::object{{"message", json_string(message)},
                                                            {"type", json_string(type_of(status))},
                                                            {"param", nullptr},
                                                            {"code", status}}}}));
}

class OnPrem final : public Dialect {
 public:
  std::string_view name() const override { return "onprem"; }

  Reply answer(Exchange& exchange) const override {
    const bool llamacpp = exchange.faults.has(fault("llamacpp"));
    if (exchange.path == "/health") {
      auto reply = json_reply(200, llamacpp ? R"({"status":"ok"})" : "");
      return reply;
    }
    if (!key_is_right(exchange)) {
      if (!llamacpp) return json_reply(401, R"({"error":"Unauthorized"})");
      return json_reply(
          401,
          R"({"error":{"code":401,"message":"Invalid API Key","type":"authentication_error"}})");
    }
    if (exchange.path == "/v1/models") return models(llamacpp);
    if (exchange.request.method != "POST")
      return json_reply(405, R"({"detail":"Method Not Allowed"})");
    if (!exchange.body) return error(400, "the body is no JSON object");
    if (!llamacpp && std::ranges::find(kModels, exchange.model) == kModels.end())
      return error(404, "The model `" + exchange.model + "` does not exist.");

    if (exchange.path == "/v1/chat/completions") return chat(exchange, llamacpp);
    if (exchange.path == "/v1/embeddings") return embeddings(exchange);
    if (exchange.path == "/v1/completions")
      return complete(*exchange.body, exchange.model, "cmpl-" + exchange.id, exchange.faults);
    return json_reply(404, R"({"detail":"Not Found"})");
  }

  Reply refuse(unsigned status, Cause cause, std::string_view text) const override {
    if (cause == Cause::context)
      return error(400,
                   "This model's maximum context length is 65536 tokens. However, your request has "
                   "70000 input tokens. Please reduce the length of the input messages.");
    if (cause == Cause::unknown_model) return error(404, "The model does not exist.");
    if (status == 401) return json_reply(401, R"({"error":"Unauthorized"})");
    return error(status, text.empty() ? "The simulator was asked to refuse" : text);
  }

  std::string failing_event() const override {
    return R"({"error":{"message":"EngineDeadError","type":"InternalServerError","param":null,"code":500}})";
  }

  void dress(Reply& /*reply*/, const Exchange& /*exchange*/) const override {}

 private:
  // Most run without a key; one that was given and is wrong is refused all the same.
  bool key_is_right(const Exchange& exchange) const {
    const auto key = exchange.request.bearer();
    if (key.empty() && !exchange.faults.has(fault("key-required"))) return true;
    return exchange.state.key_is_right(name(), key);
  }

  static Reply models(bool llamacpp) {
    js::array list;
    for (const std::string_view id : {"RekaAI/reka-flash-3", "reka-edge-2603"})
      list.push_back(js::object{{"id", json_string(id)},
                                {"object", "model"},
                                {"created", kCreated},
                                {"owned_by", llamacpp ? "llamacpp" : "vllm"},
                                {"root", json_string(id)},
                                {"parent", nullptr},
                                {"max_model_len", 65'536},
                                {"permission", js::array()}});
    return json_reply(200,
                      js::serialize(js::object{{"object", "list"}, {"data", std::move(list)}}));
  }

  static Reply chat(Exchange& exchange, bool llamacpp) {
    const auto& body = *exchange.body;
    const auto* messages = member(body, "messages");
    if (!messages || !messages->is_array() || messages->get_array().empty())
      return error(400, "messages is required");

    auto question = read_question(body, exchange.id);
    question.thinks = exchange.model == "RekaAI/reka-flash-3";
    const auto said = say(question, exchange.faults);

    OpenAiShape shape;
    shape.id = "chatcmpl-" + exchange.id;
    shape.model = exchange.model;
    shape.inline_tags = exchange.model == "RekaAI/reka-flash-3";
    shape.nulls = false;
    shape.choices = std::clamp<std::int64_t>(integer_of(body, "n").value_or(1), 1, 8);
    shape.finish_extras = {{"stop_reason", nullptr}};
    shape.usage = [](const Said& counted) { return plain_usage(counted); };
    shape.usage_place = llamacpp ? UsagePlace::empty_choices : UsagePlace::nowhere;
    auto faults = exchange.faults;
    if (const auto* options = member(body, "stream_options"); options && options->is_object()) {
      if (truthy(options->get_object(), "include_usage"))
        shape.usage_place = UsagePlace::empty_choices;
      if (truthy(options->get_object(), "continuous_usage_stats")) faults.add("usage-every-chunk");
    }
    auto reply = truthy(body, "stream") ? streamed_answer(shape, said, faults)
                                        : whole_answer(shape, said, faults);
    reply.accounting = {said.prompt_tokens, said.completion_tokens, 0};
    return reply;
  }

  static Reply embeddings(Exchange& exchange) {
    const auto made = embed(*exchange.body, exchange.model);
    if (!made) return error(400, "input is required");
    auto reply = json_reply(200, to_text(made->json));
    reply.accounting = {made->prompt_tokens, 0, 0};
    return reply;
  }
};

}  // namespace

std::unique_ptr<Dialect> make_onprem() {
  return std::make_unique<OnPrem>();
}

}  // namespace simulator

// Each system of the seeds through the real gateway: a whole answer and a stream.

#include "tests/e2e/gateway_fixture.h"

namespace e2e {
namespace {

constexpr std::string_view kAskUsage = R"(,"stream_options":{"include_usage":true})";
constexpr std::string_view kTool =
    R"(,"tool_choice":"required","tools":[{"type":"function","function":{"name":"weather",)"
    R"("parameters":{"type":"object","properties":{"city":{"type":"string"}}}}}])";

struct System {
  std::string_view model;     // as the client asks
  std::string_view provider;  // as x-tollgate-provider tells
  std::string_view path;      // where it must arrive
  std::string_view upstream_model;
  std::string_view text;
  bool thinks;
  std::int64_t completion_tokens;
  std::string_view cost;  // USD for one prompt token and the answer; empty: not told
};

// The member as it stands in the answer's usage.
std::string cost_member(std::string_view cost) {
  return "\"cost\":" + std::string(cost);
}

void PrintTo(const System& system, std::ostream* out) {
  *out << system.model;
}

constexpr System kSystems[] = {
    {"rekaai/reka-edge", "openrouter (simulated)", "/openrouter/api/v1/chat/completions",
     "rekaai/reka-edge", kHello, false, 8, "0.0000009"},
    {"rekaai/reka-flash-3", "haimaker", "/haimaker/v1/chat/completions", "rekaai/reka-flash-3",
     kHello, true, 17, "0.0000035"},
    {"reka-flash-research", "reka", "/reka/v1/chat/completions", "reka-flash-research", kHello,
     false, 8, "0.025"},
    {"reka-core", "reka", "/reka/v1/chat", "reka-core", " You said: hello — Grüße aus 世界 🦊.",
     false, 8, "0.00021"},
    {"reka-flash", "reka", "/reka/v1/chat/completions", "reka-flash", kHello, false, 8,
     "0.0000168"},
    {"reka-flash-3", "reka", "/reka/v1/chat/completions", "reka-flash-3", kHello, true, 17,
     "0.0000035"},
    {"RekaAI/reka-flash-3", "onprem", "/onprem/v1/chat/completions", "RekaAI/reka-flash-3", kHello,
     true, 17, "0"},
};

class Systems : public Gateway, public testing::WithParamInterface<System> {
 protected:
  static void SetUpTestSuite() { Gateway::SetUpTestSuite(); }
  static void TearDownTestSuite() { Gateway::TearDownTestSuite(); }
};

TEST_P(Systems, AnswersWhole) {
  const auto& system = GetParam();
  const auto answer = chat(system.model);
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_FALSE(answer.header("x-request-id").empty());
  EXPECT_EQ(answer.header("x-tollgate-provider"), system.provider);
  EXPECT_EQ(answer.header("x-tollgate-model"), system.upstream_model);
  const auto body = json(answer);
  EXPECT_EQ(body.at("object").as_string(), "chat.completion");
  EXPECT_EQ(body.at("model").as_string(), js::string(system.model));
  const auto& choice = body.at("choices").at(0);
  EXPECT_EQ(choice.at("message").at("content").as_string(), js::string(system.text));
  EXPECT_EQ(choice.at("finish_reason").as_string(), "stop");
  EXPECT_EQ(body.at("usage").at("prompt_tokens").as_int64(), 1);
  EXPECT_EQ(body.at("usage").at("completion_tokens").as_int64(), system.completion_tokens);
  EXPECT_EQ(body.at("usage").at("total_tokens").as_int64(), 1 + system.completion_tokens);
  EXPECT_EQ(answer.header("x-tollgate-cost-usd"), system.cost);
  EXPECT_NE(answer.body.find(cost_member(system.cost)), std::string::npos) << answer.body;
  EXPECT_EQ(last_upstream().request.target, system.path);
  EXPECT_EQ(last_upstream().model, system.upstream_model);
}

TEST_P(Systems, Streams) {
  const auto& system = GetParam();
  const auto answer = stream(system.model, kAskUsage);
  expect_sound(answer);
  EXPECT_EQ(answer.text(), system.text);
  EXPECT_EQ(answer.finish(), "stop");
  ASSERT_TRUE(answer.usage());
  EXPECT_EQ(answer.usage()->at("completion_tokens").as_int64(), system.completion_tokens);
  EXPECT_NE(answer.answer.body.find(cost_member(system.cost)), std::string::npos)
      << answer.answer.body;
  EXPECT_EQ(answer.chunks.back().at("choices").as_array().size(), 0U);
  EXPECT_EQ(answer.chunks.back().at("model").as_string(), js::string(system.model));
}

TEST_P(Systems, HidesUsageFromThoseWhoDidNotAsk) {
  const auto answer = stream(GetParam().model);
  expect_sound(answer);
  for (const auto& chunk : answer.chunks) {
    EXPECT_FALSE(chunk.as_object().contains("usage")) << js::serialize(chunk);
    EXPECT_FALSE(chunk.at("choices").as_array().empty());
  }
}

TEST_P(Systems, ShowsReasoningAsAFieldOfItsOwn) {
  const auto answer = chat(GetParam().model);
  if (!GetParam().thinks) {
    EXPECT_EQ(answer.body.find(kThought), std::string::npos) << "this one does not think";
    return;
  }
  const auto whole = json(answer);
  const auto& message = whole.at("choices").at(0).at("message").as_object();
  const auto name = message.contains("reasoning_content") ? "reasoning_content" : "reasoning";
  EXPECT_TRUE(std::string(message.at(name).as_string().c_str()).starts_with(kThought));
  EXPECT_TRUE(stream(GetParam().model).text(name).starts_with(kThought));
}

INSTANTIATE_TEST_SUITE_P(Seeds, Systems, testing::ValuesIn(kSystems),
                         [](const testing::TestParamInfo<System>& info) {
                           std::string name(info.param.model);
                           for (char& letter : name)
                             if (std::isalnum(static_cast<unsigned char>(letter)) == 0)
                               letter = '_';
                           return name;
                         });

class Dialects : public Gateway {};

TEST_F(Dialects, OpenRouterLearnsWhoAsks) {
  chat("rekaai/reka-edge");
  const auto got = last_upstream().request;
  EXPECT_EQ(got.bearer(), "sk-or-up");
  EXPECT_EQ(got.header("HTTP-Referer"), "https://example.org");
  EXPECT_EQ(got.header("X-Title"), "Example");
}

TEST_F(Dialects, RekaGetsBothKindsOfKey) {
  chat("reka-core");
  EXPECT_EQ(last_upstream().request.bearer(), "reka-up");
  EXPECT_EQ(last_upstream().request.header("X-Api-Key"), "reka-up");
}

TEST_F(Dialects, TheClientsKeyStaysHere) {
  for (const std::string_view model : {"rekaai/reka-edge", "reka-core", "RekaAI/reka-flash-3"}) {
    chat(model);
    for (const auto& [name, value] : last_upstream().request.headers)
      EXPECT_EQ(value.find(kKey), std::string::npos) << model << " " << name;
  }
}

TEST_F(Dialects, HaimakerIsAlwaysAskedForUsage) {
  stream("rekaai/reka-flash-3");
  const auto sent = simulator::parse_json(last_upstream().request.body);
  EXPECT_TRUE(sent->at("stream_options").at("include_usage").as_bool());
}

TEST_F(Dialects, ToolsAreCalledInEveryDialectThatHasThem) {
  for (const std::string_view model :
       {"rekaai/reka-edge", "reka-core", "reka-flash", "reka/ok", "haimaker/ok"}) {
    const auto whole = json(chat(model, kTool));
    const auto& choice = whole.at("choices").at(0);
    EXPECT_EQ(choice.at("finish_reason").as_string(), "tool_calls") << model;
    const auto& call = choice.at("message").at("tool_calls").at(0);
    EXPECT_EQ(call.at("function").at("name").as_string(), "weather") << model;
    EXPECT_EQ(call.at("function").at("arguments").as_string(), R"({"city":"Zürich"})") << model;

    const auto streamed = stream(model, kTool);
    expect_sound(streamed);
    EXPECT_EQ(streamed.finish(), "tool_calls") << model;
    std::string arguments;
    std::string names;
    for (const auto& chunk : streamed.chunks) {
      const auto& delta = chunk.at("choices").at(0).at("delta").as_object();
      if (!delta.contains("tool_calls")) continue;
      const auto& function = delta.at("tool_calls").at(0).at("function").as_object();
      arguments += simulator::text_of(function, "arguments");
      names += simulator::text_of(function, "name");
    }
    EXPECT_EQ(arguments, R"({"city":"Zürich"})") << model;
    EXPECT_EQ(names, "weather") << model;
  }
}

TEST_F(Dialects, ResearchKeepsItsStepsAndSources) {
  const auto body = json(chat("reka-flash-research"));
  const auto& message = body.at("choices").at(0).at("message");
  EXPECT_EQ(message.at("reasoning_steps").as_array().size(), 3U);
  EXPECT_EQ(message.at("annotations").at(0).at("url_citation").at("url").as_string(),
            "https://e.example/1");
}

TEST_F(Dialects, EmbeddingsComeInBothEncodings) {
  const auto floats =
      json(post("/v1/embeddings", R"({"model":"text-embedding","input":["a","b"]})"));
  EXPECT_EQ(floats.at("data").as_array().size(), 2U);
  EXPECT_EQ(floats.at("model").as_string(), "text-embedding");
  const auto packed = json(post(
      "/v1/embeddings", R"({"model":"text-embedding","input":"a","encoding_format":"base64"})"));
  EXPECT_TRUE(packed.at("data").at(0).at("embedding").is_string());
}

TEST_F(Dialects, LegacyCompletionsAreServed) {
  const auto whole = json(post("/v1/completions", R"({"model":"completions","prompt":"hello"})"));
  EXPECT_EQ(whole.at("choices").at(0).at("text").as_string(), js::string(kHello));
  const auto streamed =
      post("/v1/completions", R"({"model":"completions","prompt":"hello","stream":true})");
  EXPECT_TRUE(streamed.body.ends_with("data: [DONE]\n\n")) << streamed.body;
}

}  // namespace
}  // namespace e2e

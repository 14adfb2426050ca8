#include "tests/support/simulator_fixture.h"

namespace simulator {
namespace {

constexpr auto kChat = "/haimaker/v1/chat/completions";

class HaimakerUpstream : public Upstream {};

TEST_F(HaimakerUpstream, AnswersWithItsCostInAHeader) {
  const auto answer = post(kChat, chat("rekaai/reka-flash-3"));
  ASSERT_EQ(answer.status, 200);
  const auto json = parse(answer.body);
  EXPECT_EQ(json.at("model").as_string(), "reka-flash-3");
  EXPECT_EQ(json.at("choices").at(0).at("message").at("content").as_string(), kHello);
  // 1 token in at 0.10 and 17 out at 0.20 USD per million.
  EXPECT_EQ(answer.header("x-litellm-response-cost"), "0.0000035");
}

TEST_F(HaimakerUpstream, StreamsUsageOnlyWhenAskedAndLeavesNullsOut) {
  const auto silent = events(post(kChat, chat("rekaai/reka-flash-3", R"(,"stream":true)")).body);
  for (const auto& chunk : silent) EXPECT_FALSE(chunk.as_object().contains("usage"));
  EXPECT_FALSE(silent.front().at("choices").at(0).as_object().contains("finish_reason"));
  EXPECT_EQ(deltas(silent, "role"), "assistant");

  const auto told =
      events(post(kChat, chat("rekaai/reka-flash-3",
                              R"(,"stream":true,"stream_options":{"include_usage":true})"))
                 .body);
  EXPECT_EQ(deltas(told, "content"), kHello);
  EXPECT_EQ(told.back().at("usage").at("completion_tokens").as_int64(), 17);
  EXPECT_TRUE(told.back().at("choices").at(0).at("delta").as_object().empty());
}

TEST_F(HaimakerUpstream, IsStrictAboutKeysParametersAndModels) {
  const auto refused =
      client->post(kChat, chat("rekaai/reka-flash-3"), {{"Authorization", "Bearer other"}});
  EXPECT_EQ(refused.status, 401);
  EXPECT_EQ(parse(refused.body).at("error").at("code").as_string(), "401");

  const auto tools = post(kChat, chat("rekaai/reka-flash-3",
                                      R"(,"tools":[{"type":"function","function":{"name":"f"}}])"));
  EXPECT_EQ(tools.status, 400);
  EXPECT_NE(tools.body.find("litellm.UnsupportedParamsError"), std::string::npos);
  EXPECT_EQ(post(kChat, chat("openai/gpt-4o", R"(,"tools":[])")).status, 500);
  EXPECT_EQ(post(kChat, chat("openai/gpt-4o", R"(,"provider":{})")).status, 400);
  EXPECT_EQ(post(kChat, chat("nobody")).status, 404);
}

TEST_F(HaimakerUpstream, ListsWildcardsAndNotItsRouter) {
  const auto answer = get("/haimaker/v1/models");
  EXPECT_NE(answer.body.find(R"("id":"openai/*")"), std::string::npos);
  EXPECT_EQ(answer.body.find("haimaker/auto"), std::string::npos);
}

TEST_F(HaimakerUpstream, AFailingStreamHasNoDone) {
  const auto answer =
      post(kChat, chat("rekaai/reka-flash-3+error-mid-stream", R"(,"stream":true)"));
  EXPECT_TRUE(answer.body.ends_with("\"code\":\"500\"}}\n\n"));
  EXPECT_EQ(answer.body.find("[DONE]"), std::string::npos);
}

TEST_F(HaimakerUpstream, SaysNoInLiteLlmsWords) {
  const auto message = [&](std::string_view fault) {
    const auto answer = post(kChat, chat("mock/" + std::string(fault)));
    return std::to_string(answer.status) + " " +
           std::string(parse(answer.body).at("error").at("message").as_string().c_str());
  };
  EXPECT_EQ(message("429-no-deployments"),
            "429 litellm.RateLimitError: No deployments available for selected model.");
  EXPECT_EQ(message("400-rate"), "400 litellm.RateLimitError: rate limit reached upstream");
  EXPECT_TRUE(message("400-context").starts_with("400 litellm.ContextWindowExceededError"));
  EXPECT_TRUE(message("429-budget").starts_with("429 Budget has been exceeded"));
  EXPECT_TRUE(message("400-budget").starts_with("400 Budget has been exceeded"));
}

}  // namespace
}  // namespace simulator

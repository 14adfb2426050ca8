#include "tests/support/simulator_fixture.h"

namespace simulator {
namespace {

constexpr auto kChat = "/openrouter/api/v1/chat/completions";

class OpenRouterUpstream : public Upstream {};

TEST_F(OpenRouterUpstream, AnswersWithCostAndProvider) {
  const auto answer = post(kChat, chat("rekaai/reka-edge"));
  ASSERT_EQ(answer.status, 200);
  EXPECT_EQ(answer.header("x-generation-id"), "gen-1790000000-1");
  const auto json = parse(answer.body);
  EXPECT_EQ(json.at("choices").at(0).at("message").at("content").as_string(), kHello);
  EXPECT_EQ(json.at("provider").as_string(), "Reka");
  EXPECT_EQ(json.at("usage").at("completion_tokens").as_int64(), 8);
  // 1 + 8 tokens at 0.10 USD per million, as plain decimal.
  EXPECT_NE(answer.body.find(R"("cost":0.0000009,)"), std::string::npos);
}

TEST_F(OpenRouterUpstream, StreamsCommentsRolesReasoningAndLateUsage) {
  const auto answer = post(kChat, chat("rekaai/reka-flash-3", R"(,"stream":true)"));
  EXPECT_TRUE(answer.body.starts_with(": OPENROUTER PROCESSING\n\n"));
  EXPECT_TRUE(answer.body.ends_with("data: [DONE]\n\n"));
  const auto chunks = events(answer.body);
  EXPECT_EQ(deltas(chunks, "content"), kHello);
  EXPECT_EQ(deltas(chunks, "reasoning"), "The user wants a kind answer — déjà vu.");
  for (const auto& chunk : chunks)
    EXPECT_EQ(chunk.at("choices").at(0).at("delta").at("role").as_string(), "assistant");
  // Usage comes after the finish, on a chunk whose finish_reason is null again.
  EXPECT_EQ(chunks.at(chunks.size() - 2).at("choices").at(0).at("finish_reason").as_string(),
            "stop");
  EXPECT_TRUE(chunks.back().at("choices").at(0).at("finish_reason").is_null());
  EXPECT_EQ(chunks.back().at("usage").at("prompt_tokens").as_int64(), 1);
}

TEST_F(OpenRouterUpstream, CallsTheToolWhenAskedTo) {
  constexpr auto kTools =
      R"(,"tools":[{"type":"function","function":{"name":"weather","parameters":{"type":"object",)"
      R"("properties":{"city":{"type":"string"},"days":{"type":"integer"}}}}}])";
  const auto body =
      chat("rekaai/reka-edge", kTools, R"([{"role":"user","content":"please use the tool"}])");
  const auto json = parse(post(kChat, body).body);
  const auto& choice = json.at("choices").at(0);
  EXPECT_EQ(choice.at("finish_reason").as_string(), "tool_calls");
  EXPECT_TRUE(choice.at("message").at("content").is_null());
  const auto& call = choice.at("message").at("tool_calls").at(0).at("function");
  EXPECT_EQ(call.at("name").as_string(), "weather");
  EXPECT_EQ(call.at("arguments").as_string(), R"({"city":"Zürich","days":7})");
}

TEST_F(OpenRouterUpstream, ReasoningDetailsMustComeBackAsTheyLeft) {
  constexpr auto kTools =
      R"(,"reasoning":{"enabled":true},"tools":[{"type":"function","function":{"name":"f"}}])";
  const auto first = parse(
      post(kChat, chat("rekaai/reka-edge", kTools, R"([{"role":"user","content":"use the tool"}])"))
          .body);
  js::object turn = first.at("choices").at(0).at("message").as_object();
  const auto ask = [&](const js::object& assistant) {
    const auto id = assistant.at("tool_calls").at(0).at("id").as_string();
    return post(kChat, chat("rekaai/reka-edge", kTools,
                            R"([{"role":"user","content":"use the tool"},)" +
                                js::serialize(assistant) + R"(,{"role":"tool","tool_call_id":")" +
                                std::string(id.c_str()) + R"(","content":"sunny"}])"));
  };
  EXPECT_EQ(ask(turn).status, 200);
  turn["reasoning_details"].as_array()[0].as_object()["text"] = "something else";
  EXPECT_EQ(ask(turn).status, 400);
}

TEST_F(OpenRouterUpstream, IsStrictAboutKeysModelsAndContradictions) {
  EXPECT_EQ(client->post(kChat, chat("rekaai/reka-edge")).status, 401);
  EXPECT_EQ(client->post(kChat, chat("rekaai/reka-edge"), {{"X-Api-Key", "sk-good"}}).status, 401);
  EXPECT_EQ(post(kChat, chat("nobody/nothing")).status, 400);
  EXPECT_EQ(post(kChat, chat("rekaai/reka-edge", R"(,"temperature":3)")).status, 400);
  EXPECT_EQ(post(kChat, chat("rekaai/reka-edge",
                             R"(,"reasoning":{"effort":"low"},"reasoning_effort":"low")"))
                .status,
            400);
  EXPECT_EQ(post(kChat, chat("rekaai/reka-edge", R"(,"stop":["a","b","c","d","e"])")).status, 400);
}

TEST_F(OpenRouterUpstream, RoutesByProviderAndPriceOrSaysThereIsNone) {
  const auto with = [&](std::string_view provider) {
    return post(kChat, chat("rekaai/reka-edge", R"(,"provider":)" + std::string(provider))).status;
  };
  EXPECT_EQ(with(R"({"only":["reka"]})"), 200);
  EXPECT_EQ(with(R"({"only":["Other"]})"), 404);
  EXPECT_EQ(with(R"({"ignore":["Reka"]})"), 404);
  EXPECT_EQ(with(R"({"max_price":{"prompt":0.05}})"), 404);
  EXPECT_EQ(with(R"({"max_price":{"prompt":0.1,"completion":0.1}})"), 200);
  EXPECT_EQ(with(R"({"order":["Other"],"allow_fallbacks":false})"), 404);
  const auto fallback = post(kChat, chat("gone/away", R"(,"models":["rekaai/reka-edge"])"));
  EXPECT_EQ(parse(fallback.body).at("model").as_string(), "rekaai/reka-edge");
}

TEST_F(OpenRouterUpstream, LooksUpGenerationsKeysCreditsAndModels) {
  post(kChat, chat("rekaai/reka-edge"));
  const auto receipt = parse(get("/openrouter/api/v1/generation?id=gen-1790000000-1").body);
  EXPECT_EQ(receipt.at("data").at("tokens_completion").as_int64(), 8);
  EXPECT_EQ(get("/openrouter/api/v1/generation?id=gen-0").status, 404);
  EXPECT_EQ(parse(get("/openrouter/api/v1/key").body).at("data").at("limit").as_int64(), 100);
  EXPECT_EQ(parse(get("/openrouter+key-spent/api/v1/key").body)
                .at("data")
                .at("limit_remaining")
                .to_number<double>(),
            0);
  EXPECT_EQ(get("/openrouter/api/v1/credits").status, 200);
  const auto models = parse(client->get("/openrouter/api/v1/models").body);
  EXPECT_EQ(models.at("data").at(0).at("pricing").at("prompt").as_string(), "0.0000001");
  EXPECT_EQ(get("/openrouter/api/v1/models/rekaai/reka-edge/endpoints").status, 200);
}

TEST_F(OpenRouterUpstream, EmbedsAsNumbersAndAsBase64) {
  constexpr auto kPath = "/openrouter/api/v1/embeddings";
  const auto floats = parse(
      post(kPath, R"({"model":"openai/text-embedding-3-small","input":["a b","c"],"dimensions":3})")
          .body);
  EXPECT_EQ(floats.at("data").as_array().size(), 2U);
  EXPECT_EQ(floats.at("data").at(1).at("embedding").as_array().size(), 3U);
  EXPECT_EQ(floats.at("usage").at("prompt_tokens").as_int64(), 3);
  const auto packed = parse(
      post(kPath,
           R"({"model":"openai/text-embedding-3-small","input":"a","encoding_format":"base64"})")
          .body);
  EXPECT_EQ(packed.at("data").at(0).at("embedding").as_string().size(), 44U);  // 8 floats
}

}  // namespace
}  // namespace simulator

#include "tests/support/simulator_fixture.h"

namespace simulator {
namespace {

constexpr auto kChat = "/onprem/v1/chat/completions";

class OnPremUpstream : public Upstream {};

TEST_F(OnPremUpstream, PutsItsReasoningInTagsInsideTheContent) {
  const auto chunks = events(post(kChat, chat("RekaAI/reka-flash-3", R"(,"stream":true)")).body);
  EXPECT_EQ(
      deltas(chunks, "content"),
      "<reasoning>The user wants a kind answer — déjà vu. </reasoning>\n\n" + std::string(kHello));
  for (const auto& chunk : chunks) {
    const auto text = text_of(chunk.at("choices").at(0).at("delta").as_object(), "content");
    EXPECT_EQ(text.find("<reasoning>"), std::string_view::npos) << "the tag came in one piece";
  }
}

TEST_F(OnPremUpstream, NamesTheReasoningMemberAsItsVersionDoes) {
  const auto message = [&](std::string_view knobs) {
    const auto json =
        parse(post(kChat, chat("RekaAI/reka-flash-3+no-inline-tags" + std::string(knobs))).body);
    return json.at("choices").at(0).at("message").as_object();
  };
  EXPECT_TRUE(message("").contains("reasoning_content"));
  EXPECT_TRUE(message(",reasoning-field").contains("reasoning"));
  EXPECT_FALSE(message(",reasoning-field").contains("reasoning_content"));
}

TEST_F(OnPremUpstream, WantsAKeyOnlyWhenToldTo) {
  EXPECT_EQ(client->post(kChat, chat("reka-edge-2603")).status, 200);
  const auto refused = client->post(kChat, chat("reka-edge-2603+key-required"));
  EXPECT_EQ(refused.status, 401);
  EXPECT_EQ(refused.body, R"({"error":"Unauthorized"})");
}

TEST_F(OnPremUpstream, ShowsUsageWhenAskedAndWhileItGoesWhenAskedForThat) {
  constexpr auto kAsk =
      R"(,"stream":true,"stream_options":{"include_usage":true,"continuous_usage_stats":true})";
  const auto chunks = events(post(kChat, chat("reka-edge-2603", kAsk)).body);
  EXPECT_TRUE(chunks.back().at("choices").as_array().empty());
  EXPECT_EQ(chunks.back().at("usage").at("completion_tokens").as_int64(), 8);
  EXPECT_EQ(chunks.at(1).at("usage").at("completion_tokens").as_int64(), 1);
}

TEST_F(OnPremUpstream, AnswersSeveralChoices) {
  const auto json = parse(post(kChat, chat("reka-edge-2603", R"(,"n":3)")).body);
  EXPECT_EQ(json.at("choices").as_array().size(), 3U);
}

TEST_F(OnPremUpstream, IsHealthyWithoutAKey) {
  EXPECT_EQ(client->get("/onprem/health").status, 200);
  EXPECT_EQ(client->get("/onprem+llamacpp/health").body, R"({"status":"ok"})");
}

}  // namespace
}  // namespace simulator

#include "tests/support/simulator_fixture.h"

namespace simulator {
namespace {

constexpr auto kNative = "/reka/v1/chat";
constexpr auto kCompat = "/reka/v1/chat/completions";

class RekaUpstream : public Upstream {
 protected:
  unsigned native(std::string_view more, std::string_view messages) {
    return post(kNative, chat("reka-core", more, messages)).status;
  }
};

TEST_F(RekaUpstream, TakesEitherKindOfKey) {
  EXPECT_EQ(client->post(kNative, chat("reka-core"), {{"X-Api-Key", "k"}}).status, 200);
  EXPECT_EQ(client->post(kNative, chat("reka-core"), {{"Authorization", "Bearer k"}}).status, 200);
  const auto refused = client->post(kNative, chat("reka-core"), {{"X-Api-Key", "wrong"}});
  EXPECT_EQ(refused.status, 401);
  EXPECT_EQ(parse(refused.body).at("error").at("type").as_string(), "authentication_error");
  EXPECT_FALSE(refused.header("x-request-id").empty());
}

TEST_F(RekaUpstream, KnowsOneMethodPerPath) {
  const auto answer = get(kCompat);
  EXPECT_EQ(answer.status, 405);
  EXPECT_EQ(answer.header("allow"), "POST");
  EXPECT_EQ(answer.body, R"({"detail":"Method Not Allowed"})");
}

TEST_F(RekaUpstream, NativeAnswersInResponses) {
  const auto json = parse(post(kNative, chat("reka-core")).body);
  const auto& response = json.at("responses").at(0);
  EXPECT_EQ(response.at("message").at("content").as_string(), " " + std::string(kHello));
  EXPECT_EQ(response.at("finish_reason").as_string(), "stop");
  EXPECT_EQ(json.at("usage").at("input_tokens").as_int64(), 1);
  EXPECT_FALSE(json.as_object().contains("choices"));
}

TEST_F(RekaUpstream, NativeStreamsTheWholeTextSoFarAndNoDone) {
  const auto answer = post(kNative, chat("reka-core", R"(,"stream":true)"));
  EXPECT_EQ(answer.body.find("[DONE]"), std::string::npos);
  const auto chunks = events(answer.body);
  std::string before;
  for (const auto& chunk : chunks) {
    const std::string text(
        chunk.at("responses").at(0).at("chunk").at("content").as_string().c_str());
    EXPECT_TRUE(text.starts_with(before)) << text;
    before = text;
  }
  EXPECT_EQ(before, " " + std::string(kHello));
  EXPECT_EQ(chunks.back().at("responses").at(0).at("finish_reason").as_string(), "stop");
}

TEST_F(RekaUpstream, NativeRefusesWhatItsSchemaDoesNotKnow) {
  constexpr auto kHi = R"([{"role":"user","content":"hi"}])";
  EXPECT_EQ(native("", kHi), 200);
  EXPECT_EQ(native(R"(,"stop":"x")", kHi), 422);
  EXPECT_EQ(native(R"(,"stop":["x"])", kHi), 200);
  EXPECT_EQ(native(R"(,"n":1)", kHi), 422);
  EXPECT_EQ(native(R"(,"tools":[{"type":"function","function":{"name":"f"}}])", kHi), 422);
  EXPECT_EQ(native(R"(,"tools":[{"name":"f"}],"tool_choice":"tool")", kHi), 200);
  EXPECT_EQ(native(R"(,"tools":[{"name":"f"}],"tool_choice":"required")", kHi), 422);
  EXPECT_EQ(native("", R"([{"role":"developer","content":"hi"}])"), 422);
  EXPECT_EQ(
      native("", R"([{"role":"user","content":[{"type":"image_url","image_url":"http://x/y"}]}])"),
      200);
  EXPECT_EQ(
      native(
          "",
          R"([{"role":"user","content":[{"type":"image_url","image_url":{"url":"http://x/y"}}]}])"),
      422);
  EXPECT_EQ(native("", R"([{"role":"tool_output","content":[{"tool_call_id":"a","output":"b"}]}])"),
            200);
  EXPECT_EQ(native("", R"([{"role":"tool_output","content":"b"}])"), 422);
  const auto refused = post(kNative, R"({"model":"reka-core"})");
  EXPECT_EQ(parse(refused.body).at("detail").at(0).at("loc").at(1).as_string(), "messages");
}

TEST_F(RekaUpstream, NativeContinuesAPrefillWithoutRepeatingIt) {
  const auto json = parse(post(kNative, chat("reka-core", "",
                                             R"([{"role":"user","content":"hi"},)"
                                             R"({"role":"assistant","content":"Well"}])"))
                              .body);
  const auto& text = json.at("responses").at(0).at("message").at("content").as_string();
  EXPECT_TRUE(text.starts_with(" and so it goes on"));
}

TEST_F(RekaUpstream, NativeCallsToolsWithObjects) {
  const auto json = parse(post(kNative, chat("reka-flash",
                                             R"(,"tools":[{"name":"f","parameters":)"
                                             R"({"type":"object","properties":)"
                                             R"({"q":{"type":"string"}}}}])",
                                             R"([{"role":"user","content":"use the tool"}])"))
                              .body);
  const auto& call = json.at("responses").at(0).at("message").at("tool_calls").at(0);
  EXPECT_EQ(call.at("parameters").at("q").as_string(), "Zürich");
  EXPECT_EQ(json.at("responses").at(0).at("finish_reason").as_string(), "stop");
}

TEST_F(RekaUpstream, ClassicEraHasItsQuirks) {
  EXPECT_EQ(post(kCompat, chat("reka-flash")).status, 200);
  EXPECT_EQ(post(kCompat, chat("reka-flash", "", R"([{"role":"system","content":"s"}])")).status,
            400);
  EXPECT_EQ(post(kCompat, chat("reka-flash+reject-422", "", R"([{"role":"system","content":"s"}])"))
                .status,
            422);
  EXPECT_EQ(post(kCompat, chat("reka-flash", "",
                               R"([{"role":"user","content":"a"},{"role":"user","content":"b"}])"))
                .status,
            400);
  EXPECT_EQ(post(kCompat, chat("reka-flash", "",
                               R"([{"role":"user","content":"a"},)"
                               R"({"role":"tool","tool_call_id":"x","content":"b"}])"))
                .status,
            500);
  const auto empty = post(kCompat, chat("reka-flash", R"(,"stream":true,"tools":[{"name":"f"}])"));
  EXPECT_EQ(empty.status, 200);
  EXPECT_EQ(empty.body, "");
}

TEST_F(RekaUpstream, CurrentEraThinksAndCountsThinkingAtTheTop) {
  const auto json = parse(post(kCompat, chat("reka-flash-3")).body);
  EXPECT_EQ(json.at("choices").at(0).at("message").at("reasoning_content").as_string(),
            "The user wants a kind answer — déjà vu.");
  EXPECT_EQ(json.at("usage").at("reasoning_tokens").as_int64(), 9);
  EXPECT_EQ(json.at("usage").at("completion_tokens").as_int64(), 17);

  const auto chunks = events(post(kCompat, chat("reka-flash-3", R"(,"stream":true)")).body);
  EXPECT_EQ(deltas(chunks, "content"), kHello);
  EXPECT_EQ(chunks.back().at("choices").at(0).at("finish_reason").as_string(), "stop");
  EXPECT_EQ(chunks.back().at("usage").at("total_tokens").as_int64(), 18);
}

TEST_F(RekaUpstream, CurrentEraRefusesTooManyImagesAndUnknownModels) {
  std::string parts = R"([{"role":"user","content":[)";
  for (int image = 0; image < 4; ++image)
    parts +=
        std::string(image ? "," : "") + R"({"type":"image_url","image_url":{"url":"http://x"}})";
  parts += "]}]";
  EXPECT_EQ(post(kCompat, chat("reka-edge-2603", "", parts)).status, 400);
  EXPECT_EQ(post(kCompat, chat("glm5.3", "", parts)).status, 200);
  EXPECT_EQ(post(kCompat, chat("rekaai/reka-flash-3")).status, 404);
  EXPECT_EQ(post(kCompat, chat("reka-flash-3", R"(,"n":2)")).status, 400);
}

TEST_F(RekaUpstream, AnswersAJsonSchemaWithAnInstance) {
  const auto json = parse(
      post(kCompat,
           chat("reka-flash-3",
                R"(,"response_format":{"type":"json_schema","json_schema":{"name":"x","schema":)"
                R"({"type":"object","properties":{"n":{"type":"integer"},"l":{"type":"array",)"
                R"("items":{"enum":["red"]}}}}}})"))
          .body);
  EXPECT_EQ(json.at("choices").at(0).at("message").at("content").as_string(),
            R"({"n":7,"l":["red"]})");
}

TEST_F(RekaUpstream, ResearchShowsItsStepsAndSources) {
  const auto json = parse(post(kCompat, chat("reka-flash-research")).body);
  const auto& message = json.at("choices").at(0).at("message");
  EXPECT_EQ(message.at("reasoning_steps").as_array().size(), 3U);
  EXPECT_EQ(message.at("annotations").at(0).at("type").as_string(), "url_citation");
  EXPECT_FALSE(json.as_object().contains("object"));

  const auto chunks = events(post(kCompat, chat("reka-flash-research", R"(,"stream":true)")).body);
  EXPECT_EQ(deltas(chunks, "content"), kHello);
  EXPECT_TRUE(chunks.back().at("choices").as_array().empty());
  EXPECT_EQ(chunks.back().at("usage").at("completion_tokens").as_int64(), 8);
}

TEST_F(RekaUpstream, ResearchRefusesWhatItCannotDo) {
  const auto status = [&](std::string_view more) {
    return post(kCompat, chat("reka-flash-research", more)).status;
  };
  EXPECT_EQ(status(R"(,"research":{"parallel_thinking":{"mode":"low"}})"), 200);
  EXPECT_EQ(status(R"(,"stream":true,"research":{"parallel_thinking":{"mode":"low"}})"), 400);
  EXPECT_EQ(
      status(R"(,"research":{"web_search":{"allowed_domains":["a"],"blocked_domains":["b"]}})"),
      400);
  EXPECT_EQ(status(R"(,"response_format":{"type":"json_object"})"), 400);
  EXPECT_EQ(status(R"(,"response_format":{"type":"json_schema","json_schema":{"name":"a b"}})"),
            400);
}

TEST_F(RekaUpstream, ListsModelsInBothShapes) {
  EXPECT_TRUE(parse(get("/reka/v1/models").body).at("data").is_array());
  EXPECT_TRUE(parse(get("/reka+models-bare/v1/models").body).is_array());
}

}  // namespace
}  // namespace simulator

// Names of models: exact, alias, wildcard, and what is listed of them.

#include <fmt/format.h>

#include "tests/e2e/gateway_fixture.h"

namespace e2e {
namespace {

class Routes : public Gateway {};

TEST_F(Routes, AWildcardNamesTheUpstreamsModelHoweverLongItIs) {
  for (const std::string name : {"ok", "words-3", "words-3,slow-1ms,usage-on-finish"}) {
    const auto answer = chat("onprem/" + name);
    EXPECT_EQ(answer.status, 200) << name << answer.body;
    const auto sent = simulator::parse_json(last_upstream().request.body);
    ASSERT_TRUE(sent) << last_upstream().request.body;
    EXPECT_EQ(sent->at("model").as_string(), js::string("mock/" + name));
  }
}

TEST_F(Routes, AWildcardMayEndAtOneFixedModel) {
  const auto answer = chat("failover/503");
  EXPECT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(simulator::parse_json(last_upstream().request.body)->at("model").as_string(),
            "mock/ok");
}

TEST_F(Routes, AnAliasIsAnotherNameForTheModel) {
  const auto answer = chat("fast");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(last_upstream().model, "rekaai/reka-flash-3");
}

TEST_F(Routes, UnknownModelsReachNobody) {
  const auto before = upstream().log.totals().requests;
  const auto answer = chat("nobody/knows");
  EXPECT_EQ(answer.status, 404);
  EXPECT_EQ(json(answer).at("error").at("code").as_string(), "model_not_found");
  EXPECT_EQ(upstream().log.totals().requests, before);
}

TEST_F(Routes, AHintTheTargetDoesNotKnowIsDroppedByNameOrRefusedAsTheRouteSays) {
  const auto dropped = chat("reka-core", R"(,"min_p":0.1)");
  EXPECT_EQ(dropped.status, 200) << dropped.body;
  EXPECT_EQ(dropped.header("x-tollgate-dropped"), "min_p");
  EXPECT_EQ(last_upstream().request.body.find("min_p"), std::string::npos);

  const auto before = upstream().log.totals().requests;
  const auto refused = chat("strict", R"(,"min_p":0.1)");
  EXPECT_EQ(refused.status, 400) << refused.body;
  EXPECT_EQ(json(refused).at("error").at("param").as_string(), "min_p");
  EXPECT_EQ(upstream().log.totals().requests, before);
}

TEST_F(Routes, FallbackModelsOfTheUpstreamMustBeTheKeysToo) {
  const HeaderFields narrow{{"Authorization", "Bearer " + std::string(kNarrowKey)}};
  const auto ask = [&](std::string_view models) {
    return post("/v1/chat/completions",
                chat_body("rekaai/reka-edge", fmt::format(R"(,"models":{})", models)), narrow);
  };
  const auto allowed = ask(R"(["rekaai/reka-flash-3"])");
  EXPECT_EQ(allowed.status, 200) << allowed.body;
  const auto sent = simulator::parse_json(last_upstream().request.body);
  EXPECT_EQ(sent->at("models").as_array().size(), 1u);

  const auto before = upstream().log.totals().requests;
  const auto refused = ask(R"(["rekaai/reka-flash-3","openai/gpt-4o"])");
  EXPECT_EQ(refused.status, 400);
  EXPECT_EQ(json(refused).at("error").at("param").as_string(), "models");
  EXPECT_EQ(upstream().log.totals().requests, before);
}

TEST_F(Routes, WhatCostsExtraUpstreamNeedsTheKeysLeave) {
  const auto before = upstream().log.totals().requests;
  const auto refused = chat("rekaai/reka-edge", R"(,"plugins":[{"id":"web"}])");
  EXPECT_EQ(refused.status, 400);
  EXPECT_EQ(json(refused).at("error").at("param").as_string(), "plugins");
  EXPECT_EQ(upstream().log.totals().requests, before);
}

TEST_F(Routes, ModelsAreListedWithTheirContext) {
  const auto list = json(get("/v1/models"));
  EXPECT_EQ(list.at("object").as_string(), "list");
  const auto one = json(get("/v1/models/rekaai/reka-edge"));
  EXPECT_EQ(one.at("id").as_string(), "rekaai/reka-edge");
  EXPECT_EQ(one.at("context_length").as_int64(), 16'384);
  EXPECT_EQ(get("/v1/models/nobody").status, 404);
}

}  // namespace
}  // namespace e2e

// Who answers: the orders of a model, and what a request may say about it itself.

#include <map>
#include <set>
#include <string>

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "tests/e2e/keys_fixture.h"

namespace e2e {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr std::string_view kRouter = "sk-tg-router";

class Choice : public Keys {
 protected:
  static void SetUpTestSuite() {
    Additions more;
    more.keys = R"(  # printf %s sk-tg-router | sha256sum
  - {name: router, allow_routing_override: true,
     sha256: 64e5aa4d762e420565cda0a000707e57483f38953b00f35f277e58a105dfcd02}
)";
    more.models = R"(
  - name: cheap
    order: cheapest
    targets:
      - {provider: openrouter, model: mock/ok, price: unknown}
      - {provider: haimaker, model: mock/ok, price: {usd_per_million_input: 9, usd_per_million_output: 9}}
      - {provider: onprem, model: mock/ok, price: {usd_per_million_input: 1, usd_per_million_output: 2}}
  - name: quick
    order: fastest
    targets:
      - {provider: openrouter, model: "mock/wait-600ms", price: *mock}
      - {provider: haimaker, model: mock/ok, price: *mock}
  - name: kept
    order: sticky
    targets:
      - {provider: openrouter, model: mock/ok, price: *mock}
      - {provider: haimaker, model: mock/ok, price: *mock}
      - {provider: onprem, model: mock/ok, price: *mock}
  - name: free-choice
    targets:
      - {provider: openrouter, model: mock/ok, price: *mock}
      - {provider: haimaker, model: mock/503, price: *mock}
      - {provider: onprem, model: mock/ok, price: {usd_per_million_input: 0, usd_per_million_output: 0}}
)";
    start_with(more);
  }
  static HttpAnswer route(std::string_view model, HeaderFields headers) {
    headers.emplace_back("Authorization", fmt::format("Bearer {}", kRouter));
    return post("/v1/chat/completions", chat_body(model), std::move(headers));
  }
  static std::string who(const HttpAnswer& answer) {
    const std::string name(answer.header("x-tollgate-provider"));
    return name.substr(0, name.find(' '));  // without "(simulated)"
  }
  static HttpAnswer say(std::string_view model, std::string_view text) {
    return post("/v1/chat/completions",
                fmt::format(R"({{"model":"{}","messages":[{{"role":"user","content":"{}"}}]}})",
                            model, text));
  }
};

TEST_F(Choice, CheapestAsksWhereItCostsLeast) {
  EXPECT_EQ(who(chat("cheap")), "onprem");
  const auto dry =
      post("/v1/chat/completions", chat_body("cheap"), {{"x-tollgate-dry-run", "true"}});
  const auto shown = json(dry);
  EXPECT_EQ(shown.at("order").as_string(), "cheapest");
  EXPECT_EQ(shown.at("order_means").as_string(), "by the likely cost");
  EXPECT_EQ(shown.at("targets").at(0).at("target").as_string(), "onprem/mock/ok");
  EXPECT_EQ(shown.at("targets").at(0).at("why").as_string(), "asked first");
  EXPECT_EQ(shown.at("targets").at(1).at("target").as_string(), "haimaker/mock/ok");
  EXPECT_EQ(shown.at("targets").at(2).at("target").as_string(), "openrouter/mock/ok");
}

TEST_F(Choice, U39_ASlowTargetIsAvoided) {
  std::map<std::string, int> answered;
  for (int i = 0; i < 30; ++i) {
    const auto answer = chat("quick");
    EXPECT_EQ(answer.status, 200) << answer.body;
    ++answered[who(answer)];
  }
  // It is measured once, and now and then again when that was 30 seconds ago.
  EXPECT_LE(answered["openrouter"], 3);
  EXPECT_GE(answered["haimaker"], 27);
  const auto dry =
      json(post("/v1/chat/completions", chat_body("quick"), {{"x-tollgate-dry-run", "true"}}));
  EXPECT_EQ(dry.at("targets").at(0).at("target").as_string(), "haimaker/mock/ok");
  EXPECT_GE(dry.at("targets").at(1).at("first_content_ms").as_int64(), 600);
}

TEST_F(Choice, StickyKeepsAConversationWhereItIs) {
  std::set<std::string> used;
  for (int conversation = 0; conversation < 12; ++conversation) {
    const std::string text = fmt::format("hello {}", conversation);
    const std::string first = who(say("kept", text));
    for (int turn = 0; turn < 3; ++turn) EXPECT_EQ(who(say("kept", text)), first);
    used.insert(first);
  }
  EXPECT_GT(used.size(), 1U) << "not all at one";
}

TEST_F(Choice, ARequestMayNameTheOrderWhereItsKeyMay) {
  EXPECT_EQ(who(route("free-choice", {})), "openrouter");
  EXPECT_EQ(who(route("free-choice", {{"x-tollgate-order", "cheapest"}})), "onprem");
  const auto dry = json(
      route("free-choice", {{"x-tollgate-order", "cheapest"}, {"x-tollgate-dry-run", "true"}}));
  EXPECT_EQ(dry.at("order").as_string(), "cheapest");
  EXPECT_EQ(dry.at("targets").at(0).at("target").as_string(), "onprem/mock/ok");
}

TEST_F(Choice, ARequestMayNameItsTargetsWhereItsKeyMay) {
  EXPECT_EQ(who(route("free-choice", {{"x-tollgate-target", "onprem/mock/ok"}})), "onprem");
  EXPECT_EQ(who(route("free-choice", {{"x-tollgate-target", "haimaker/mock/503, onprem/mock/ok"}})),
            "onprem")
      << "the second where the first fails";
  const auto alone = route("free-choice", {{"x-tollgate-target", "haimaker/mock/503"}});
  EXPECT_EQ(alone.status, 502) << "nobody else is asked";
  const auto dry = json(route(
      "free-choice", {{"x-tollgate-target", "onprem/mock/ok"}, {"x-tollgate-dry-run", "true"}}));
  EXPECT_EQ(dry.at("targets").as_array().size(), 3U);
  EXPECT_EQ(dry.at("targets").at(1).at("why").as_string(), "The request names others.");
}

TEST_F(Choice, OthersAreToldThatTheyMayNotAndWhatThereIs) {
  const auto refused =
      post("/v1/chat/completions", chat_body("free-choice"), {{"x-tollgate-order", "cheapest"}});
  EXPECT_EQ(refused.status, 403);
  EXPECT_THAT(refused.body,
              AllOf(HasSubstr("may not choose who answers"), HasSubstr("allow_routing_override"),
                    HasSubstr(R"("param":"x-tollgate-order")")));
  const auto odd = route("free-choice", {{"x-tollgate-order", "quickest"}});
  EXPECT_EQ(odd.status, 400);
  EXPECT_THAT(odd.body, HasSubstr("is one of in_order, weighted, cheapest, fastest, sticky."));
  const auto unknown = route("free-choice", {{"x-tollgate-target", "openrouter"}});
  EXPECT_EQ(unknown.status, 400);
  EXPECT_THAT(unknown.body,
              HasSubstr("there are openrouter/mock/ok, haimaker/mock/503, onprem/mock/ok, "));
}

TEST_F(Choice, AVirtualKeyMayWhereItWasSaid) {
  const std::string may = make("may", R"(,"allow_routing_override":true)");
  const std::string may_not = make("may-not");
  const auto ask = [](const std::string& secret) {
    return post("/v1/chat/completions", chat_body("free-choice"),
                {{"Authorization", "Bearer " + secret}, {"x-tollgate-target", "onprem/mock/ok"}});
  };
  EXPECT_TRUE(test::wait_for(kLive, [&] { return ask(may).status == 200; }));
  EXPECT_EQ(who(ask(may)), "onprem");
  EXPECT_TRUE(test::wait_for(kLive, [&] { return ask(may_not).status == 403; }));
}

}  // namespace
}  // namespace e2e

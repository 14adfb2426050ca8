// Budgets, rates and tags, through the real gateway.

#include <atomic>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "config/base/sha256.h"
#include "tests/e2e/gateway_fixture.h"
#include "tests/support/wait_for.h"

namespace e2e {
namespace {

using std::chrono::seconds;
using testing::HasSubstr;

class Budgets : public Gateway {
 protected:
  static void SetUpTestSuite() {
    start_with(Additions{.server = ", sign_of_life: 500ms",
                         .sections = R"(
teams:
  - {name: ten-team, limits: {budgets: [{usd: 0.25, window: total}]}}
  - {name: race-team, limits: {budgets: [{usd: 0.01, window: total}]}}
  - {name: plan-team, limits: {budgets: [{usd: 1, window: day}]}}
  - {name: small-team, limits: {budgets: [{usd: 0.001, window: month, zone: Europe/Berlin}]}}
)",
                         .keys = fmt::format(R"(  - {{name: ten, team: ten-team, sha256: {}}}
  - {{name: small, team: small-team, sha256: {}}}
  - {{name: slow, team: slow-team, sha256: {}, limits: {{requests_per_minute: 3}}}}
  - {{name: racer, team: race-team, sha256: {}}}
  - {{name: planner, team: plan-team, sha256: {}}}
  - {{name: door, team: door-team, sha256: {}, limits: {{concurrent: 2}}}}
)",
                                             sum("ten"), sum("small"), sum("slow"), sum("racer"),
                                             sum("planner"), sum("door")),
                         .models = R"(
  - {name: "each/*", targets: [{provider: onprem, model: "mock/*", price: {usd_per_request: 0.025}}]}
  - {name: "dear/*", reserve_output_tokens: 50, targets: [{provider: onprem, model: "mock/*",
     price: {usd_per_million_input: 0, usd_per_million_output: 10}}]}
  - {name: "free/*", targets: [{provider: onprem, model: "mock/*", price: unknown}]}
  - {name: "drained/*", targets: [{provider: onprem, model: "mock/*", on_client_gone: drain,
     price: {usd_per_million_input: 1, usd_per_million_output: 1}}]}
)"});
  }

  // A key's secret is its name behind "sk-tg-".
  static std::string sum(std::string_view name) {
    return config::to_hex(config::sha256(fmt::format("sk-tg-{}", name)));
  }
  static HeaderFields as(std::string_view name) {
    return {{"Authorization", fmt::format("Bearer sk-tg-{}", name)}};
  }
  static HttpAnswer ask(std::string_view key, std::string_view model, std::string_view more = "") {
    return post("/v1/chat/completions", chat_body(model, more), as(key));
  }
  static std::string metric(const std::string& name) {
    test::HttpClient client(gateway().admin_port());
    const std::string text = client.get("/metrics").body;
    const auto at = text.find("\n" + name + " ");
    if (at == std::string::npos) return "";
    const auto begin = at + name.size() + 2;
    return text.substr(begin, text.find('\n', begin) - begin);
  }
};

TEST_F(Budgets, G01_TwoHundredAtOnceSpendTheBudgetAndNoMore) {
  std::atomic<int> answered{0};
  std::atomic<int> refused{0};
  const auto before = upstream().log.totals().requests;
  std::vector<std::thread> clients;
  for (int i = 0; i < 20; ++i) {
    clients.emplace_back([&] {
      for (int n = 0; n < 10; ++n) {
        const auto answer = ask("ten", "each/ok");
        if (answer.status == 200) ++answered;
        if (answer.status == 429) ++refused;
      }
    });
  }
  for (auto& client : clients) client.join();
  EXPECT_EQ(answered, 10);
  EXPECT_EQ(refused, 190);
  EXPECT_EQ(upstream().log.totals().requests, before + 10) << "nobody refused was sent";
  const std::string labels = R"({scope="team",name="ten-team",window="total"})";
  EXPECT_EQ(metric("tollgate_budget_spent_usd" + labels), "0.25");
  EXPECT_EQ(metric("tollgate_budget_held_usd" + labels), "0");

  const auto answer = ask("ten", "each/ok");
  EXPECT_EQ(answer.status, 429);
  EXPECT_EQ(json(answer).at("error").at("code").as_string(), "insufficient_quota");
  const std::string message(json(answer).at("error").at("message").as_string());
  EXPECT_THAT(message, testing::AllOf(HasSubstr("ten-team"), HasSubstr("0.25")));
  EXPECT_EQ(answer.header("x-should-retry"), "false");
}

TEST_F(Budgets, G01_TwoHundredStreamsAtOnceNeverPassTheBudget) {
  // Each holds fifty tokens at 10 USD a million, 0.0005 USD, and costs about half of that.
  constexpr std::string_view kModel = "dear/words-25,slow-2ms";
  constexpr std::string_view kStream = R"(,"stream":true)";
  std::atomic<int> answered{0};
  std::atomic<int> refused{0};
  const auto before = upstream().log.totals().requests;
  {
    std::vector<std::jthread> clients;
    for (int i = 0; i < 200; ++i) {
      clients.emplace_back([&] {
        const auto answer = ask("racer", kModel, kStream);
        if (answer.status == 429) ++refused;
        if (answer.status != 200) return;
        const auto stream = taken_apart(answer);
        const auto finish = stream.finish();
        if (stream.done && (finish == "stop" || finish == "length")) ++answered;
      });
    }
  }
  EXPECT_EQ(answered + refused, 200);
  EXPECT_GE(answered, 20) << "nobody is refused whose hold fits";
  EXPECT_EQ(upstream().log.totals().requests, before + static_cast<std::uint64_t>(answered));
  const std::string labels = R"({scope="team",name="race-team",window="total"})";
  EXPECT_EQ(metric("tollgate_budget_held_usd" + labels), "0");
  EXPECT_LE(std::stod(metric("tollgate_budget_spent_usd" + labels)), 0.01);
  // What is left is for whoever comes one after the other, until no hold fits.
  for (int i = 0; i < 50 && ask("racer", kModel, kStream).status == 200; ++i) {
  }
  EXPECT_LE(std::stod(metric("tollgate_budget_spent_usd" + labels)), 0.01);
  EXPECT_GT(std::stod(metric("tollgate_budget_spent_usd" + labels)), 0.0095);
}

TEST_F(Budgets, AStreamEndsInOrderWhereTheMoneyDoes) {
  // 0.001 USD at 10 USD a million: a hundred tokens.
  const auto answer = taken_apart(
      ask("small", "dear/words-1000", R"(,"stream":true,"stream_options":{"include_usage":true})"));
  expect_sound(answer);
  EXPECT_EQ(answer.finish(), "length");
  EXPECT_THAT(answer.answer.body, HasSubstr(R"("tollgate":{"stopped":"budget"})"));
  // At the rate of a glance, which is rather too many, while nobody counts.
  EXPECT_GT(answer.text().size(), 150U);
  EXPECT_LE(answer.text().size(), 400U);
  EXPECT_NE(
      metric(
          R"(tollgate_attempts_total{provider="onprem",model="dear/*",outcome="stopped",error=""})"),
      "");
  const std::string labels = R"({scope="team",name="small-team",window="month"})";
  EXPECT_LE(std::stod(metric("tollgate_budget_spent_usd" + labels)), 0.001);
  EXPECT_EQ(metric("tollgate_budget_held_usd" + labels), "0");
}

TEST_F(Budgets, G18_AnUnknownPriceAndABudgetDoNotGoTogether) {
  const auto answer = ask("ten", "free/ok");
  EXPECT_EQ(answer.status, 400);
  EXPECT_EQ(json(answer).at("error").at("code").as_string(), "price_unknown");
  EXPECT_EQ(chat("free/ok").status, 200) << "without a budget it may";
}

TEST_F(Budgets, G11_TheFourthOfThreeAMinuteIsToldWhenToComeBack) {
  const auto first = ask("slow", "onprem/ok");
  EXPECT_EQ(first.header("x-ratelimit-limit-requests"), "3");
  EXPECT_EQ(first.header("x-ratelimit-remaining-requests"), "2");
  EXPECT_EQ(ask("slow", "onprem/ok").status, 200);
  EXPECT_EQ(ask("slow", "onprem/ok").header("x-ratelimit-remaining-requests"), "0");
  const auto fourth = ask("slow", "onprem/ok");
  EXPECT_EQ(fourth.status, 429);
  EXPECT_EQ(json(fourth).at("error").at("code").as_string(), "rate_limit_exceeded");
  EXPECT_NE(fourth.header("retry-after"), "");
}

TEST_F(Budgets, G13_APlaceIsFreeAsSoonAsItsClientHasVanished) {
  test::HttpClient one(gateway().client_port());
  test::HttpClient two(gateway().client_port());
  const auto body = chat_body("onprem/stall-after-2", R"(,"stream":true)");
  for (test::HttpClient* client : {&one, &two}) {
    client->send("POST", "/v1/chat/completions", body, as("door"));
    EXPECT_EQ(client->read_head().status, 200);
  }
  EXPECT_EQ(ask("door", "onprem/ok").status, 429);
  one.reset();
  EXPECT_TRUE(test::wait_for(seconds(5), [&] { return ask("door", "onprem/ok").status == 200; }));
}

TEST_F(Budgets, ADryRunAsksNobody) {
  const auto before = upstream().log.totals().requests;
  auto headers = as("planner");
  headers.emplace_back("x-tollgate-dry-run", "true");
  const auto answer =
      post("/v1/chat/completions", chat_body("failover/ok", R"(,"max_tokens":1000)"), headers);
  EXPECT_EQ(answer.status, 200) << answer.body;
  const auto told = json(answer);
  const auto& targets = told.at("targets").as_array();
  ASSERT_EQ(targets.size(), 2U);
  EXPECT_EQ(targets[0].at("target").as_string(), "openrouter/mock/*");
  EXPECT_EQ(targets[0].at("why").as_string(), "asked first");
  EXPECT_EQ(targets[1].at("why").as_string(), "asked if those before it fail");
  EXPECT_EQ(told.at("budgets").as_array().at(0).at("name").as_string(), "plan-team");
  EXPECT_EQ(upstream().log.totals().requests, before);

  headers.back().second = "yes";
  EXPECT_EQ(post("/v1/chat/completions", chat_body("failover/ok"), headers).status, 400);
}

// Also longer than a sign of life: what keeps clients company must not end what nobody hears.
TEST_F(Budgets, U61_AnAnswerIsReadToItsEndWhereTheTargetSaysSo) {
  const std::string reported =
      R"(tollgate_tokens_total{kind="completion",model="drained/*",team="tests",)"
      R"(provider="onprem",source="reported"})";
  int expected = 0;
  for (const auto& [model, words] :
       {std::pair{"drained/words-40,slow-10ms", 40}, std::pair{"drained/words-30,slow-50ms", 30}}) {
    test::HttpClient leaver(gateway().client_port());
    leaver.send("POST", "/v1/chat/completions", chat_body(model, R"(,"stream":true)"),
                {{"Authorization", "Bearer " + std::string(kKey)}});
    EXPECT_EQ(leaver.read_head().status, 200);
    leaver.reset();
    expected += words;
    EXPECT_TRUE(test::wait_for(seconds(10), [&] {
      return metric(reported) == std::to_string(expected);
    })) << metric(reported);
  }
}

}  // namespace
}  // namespace e2e

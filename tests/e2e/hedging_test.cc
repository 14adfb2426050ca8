// A second target beside a first one that has not begun its answer: who begins first answers, the
// other is cancelled, and both are attempts (case U-39).

#include <chrono>
#include <list>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "config/base/sha256.h"
#include "tests/e2e/gateway_fixture.h"
#include "tests/support/wait_for.h"

namespace e2e {
namespace {

using simulator::Ended;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

constexpr seconds kSoon{5};

// "to-Y/F" asks OpenRouter's "mock/F" first and, where that has nothing to show after 200 ms,
// haimaker's "mock/Y".
class Hedging : public Gateway {
 protected:
  static void SetUpTestSuite() {
    std::string models;
    const auto add = [&models](std::string_view name, std::string_view hedge,
                               std::string_view second, std::string_view more = "") {
      constexpr std::string_view kPrice =
          "price: {usd_per_million_input: 0.10, usd_per_million_output: 0.20}";
      models += fmt::format(
          "  - {{name: \"{0}/*\", hedge: {1}, targets: [{{provider: openrouter, model: \"mock/*\", "
          "{3}{4}}}, {{provider: haimaker, model: \"mock/{2}\", {3}}}]}}\n",
          name, hedge, second, kPrice, more);
    };
    add("to-ok", "200ms", "ok");
    add("to-stalled", "200ms", "stall-before-head");
    add("to-whole", "100ms", "json-though-stream");
    add("to-streaming", "100ms", "stream-though-json");
    add("to-slow", "200ms", "slow-first-600ms", ", timeouts: {first_byte: 500ms}");
    add("to-failing", "100ms", "503");
    add("by-p95", "p95", "ok");
    add("to-slow-ok", "100ms", "slow-first-900ms");
    add("to-overflow", "100ms", "400-context");
    add("to-refusing", "100ms", "400");
    add("draining", "200ms", "ok", ", on_client_gone: drain");
    add("slow", "100ms", "ok", ", breaker: {failures_in_a_row: 100}");
    add("hanging", "100ms", "ok", ", breaker: {failures_in_a_row: 3, open_for: 60s}");
    // "pool" has two keys, and speaks as haimaker does.
    models +=
        R"(  - name: "pool-first/*"
    hedge: 100ms
    targets:
      - {provider: pool, model: "mock/*", price: unknown}
      - {provider: openrouter, model: "mock/stall-before-head,words-6", price: unknown, timeouts: {first_byte: 5s}}
  - name: "pool-beside/*"
    hedge: 100ms
    targets:
      - {provider: openrouter, model: "mock/*", price: unknown, timeouts: {first_byte: 5s}}
      - {provider: pool, model: "mock/429-then-ok,words-7", price: unknown}
)";
    start_with({.server = ", sign_of_life: 100ms",
                .sections = "teams:\n  - {name: poor-team, limits: {budgets: [{usd: 0.0004, "
                            "window: total}]}}\n",
                .keys = fmt::format("  - {{name: poor, team: poor-team, sha256: {}}}\n",
                                    config::to_hex(config::sha256("sk-tg-poor"))),
                .providers = "  - {name: pool, kind: haimaker, base_url: \"{base}/haimaker/v1\", "
                             "retries: {at_most: 0}, api_keys: [sk-first, sk-second]}\n",
                .models = models});
  }

  // A fault under a name of its own, since breakers remember names.
  static std::string fresh(std::string_view fault) {
    static int count = 0;
    return fmt::format("{},segments-{}", fault, 1'000'000 + ++count);
  }

  static double hedges(std::string_view route, std::string_view outcome) {
    return metric("tollgate_hedges_total",
                  {fmt::format(R"(route="{}/*")", route), fmt::format(R"(outcome="{}")", outcome)});
  }
  // The request is done a moment after its last byte.
  static bool hedges_become(std::string_view route, std::string_view outcome, double count) {
    return test::wait_for(kSoon, [&] { return hedges(route, outcome) == count; });
  }
  static double attempts(std::string_view route, std::string_view provider,
                         std::string_view error) {
    return metric("tollgate_attempts_total",
                  {fmt::format(R"(model="{}/*")", route), fmt::format(R"(provider="{}")", provider),
                   fmt::format(R"(error="{}")", error)});
  }

  // As the log has it, of the request.
  static double cost_in_log(const std::string& request) {
    const std::string begins = fmt::format(R"("msg":"request","request":"{}")", request);
    std::string line;
    EXPECT_TRUE(test::wait_for(kSoon, [&] {
      const std::string log = gateway().log();
      const auto at = log.find(begins);
      if (at != std::string::npos) line = log.substr(at, log.find('\n', at) - at);
      return !line.empty() && line.find("overhead_ms") != std::string::npos;
    })) << begins;
    const std::string cost = R"("cost_usd":")";
    const auto at = line.find(cost);
    EXPECT_NE(at, std::string::npos) << line;
    return at == std::string::npos ? 0 : std::stod(line.substr(at + cost.size()));
  }

  void SetUp() override {
    const auto entries = upstream().log.entries();
    before_ = entries.empty() ? 0 : entries.back().number;
  }
  // Whom this test asked, and how that ended.
  std::vector<std::string> asked() const {
    std::vector<std::string> out;
    for (const auto& entry : upstream().log.entries(before_)) out.push_back(entry.dialect);
    return out;
  }
  bool first_is_left() const {
    return upstream().log.wait(
        [&](const auto& entries) {
          for (const auto& entry : entries) {
            if (entry.number == before_ + 1) return entry.ended == Ended::client_left;
          }
          return false;
        },
        std::chrono::steady_clock::now() + kSoon);
  }

  std::uint64_t before_ = 0;
};

TEST_F(Hedging, U39_TheSecondAnswersWhereTheFirstHasNothingToShow) {
  for (const std::string_view fault : {"stall-before-head", "stall-after-head", "comments-only"}) {
    SCOPED_TRACE(fault);
    SetUp();
    const auto won = hedges("to-ok", "won");
    const auto outpaced = attempts("to-ok", "openrouter", "outpaced");
    const auto answer = stream("to-ok/" + fresh(fault));
    expect_sound(answer);
    EXPECT_EQ(answer.text(), kHello);
    EXPECT_THAT(asked(), ElementsAre("openrouter", "haimaker"));
    EXPECT_TRUE(first_is_left());
    EXPECT_TRUE(hedges_become("to-ok", "won", won + 1));
    EXPECT_EQ(attempts("to-ok", "openrouter", "outpaced"), outpaced + 1);
  }
}

TEST_F(Hedging, U39_AWholeAnswerTooAndBothAreBilled) {
  const auto hedged = chat("to-ok/" + fresh("stall-before-head"));
  EXPECT_EQ(hedged.status, 200);
  EXPECT_THAT(hedged.header("x-tollgate-provider"), StartsWith("haimaker"));
  EXPECT_TRUE(first_is_left());
  // The first read the prompt at least.
  EXPECT_GT(std::stod(hedged.header("x-tollgate-cost-usd")), 0.0);
  const auto cost =
      metric("tollgate_cost_usd_total", {R"(model="to-ok/*")", R"(provider="openrouter")"});
  EXPECT_GT(cost, 0);
}

// However the answer comes, the loser has ended when its cost is told.
TEST_F(Hedging, U39_TheAnswerTellsWhatBothHaveCost) {
  for (const std::string_view second : {"to-ok", "to-streaming", "to-whole"}) {
    for (const bool streamed : {false, true}) {
      SCOPED_TRACE(fmt::format("{} {}", second, streamed));
      const auto model = fmt::format("{}/{}", second, fresh("stall-before-head"));
      js::value usage;
      HttpAnswer answer;
      if (streamed) {
        const auto parts = stream(model, R"(,"stream_options":{"include_usage":true})");
        expect_sound(parts);
        ASSERT_TRUE(parts.usage());
        usage = *parts.usage();
        answer = parts.answer;
      } else {
        answer = chat(model);
        ASSERT_EQ(answer.status, 200) << answer.body;
        usage = json(answer).at("usage");
        EXPECT_DOUBLE_EQ(std::stod(answer.header("x-tollgate-cost-usd")),
                         usage.at("cost").to_number<double>());
      }
      EXPECT_EQ(usage.at("cost_source").as_string(), "estimated");
      EXPECT_DOUBLE_EQ(cost_in_log(answer.header("x-request-id")),
                       usage.at("cost").to_number<double>());
    }
  }
}

TEST_F(Hedging, U39_TheFirstAnswersIfItIsFirstAfterAll) {
  for (const bool streamed : {true, false}) {
    SCOPED_TRACE(streamed);
    SetUp();
    const auto lost = hedges("to-stalled", "lost");
    const auto answer = streamed ? chat("to-stalled/slow-first-600ms", R"(,"stream":true)")
                                 : chat("to-stalled/slow-150ms");
    EXPECT_EQ(answer.status, 200);
    EXPECT_THAT(asked(), ElementsAre("openrouter", "haimaker"));
    EXPECT_TRUE(hedges_become("to-stalled", "lost", lost + 1));
    EXPECT_EQ(attempts("to-stalled", "haimaker", "outpaced"), lost + 1);
    if (!streamed) EXPECT_THAT(answer.header("x-tollgate-provider"), StartsWith("openrouter"));
    if (streamed) EXPECT_EQ(taken_apart(answer).text(), kHello);
  }
  EXPECT_THAT(gateway().log(), HasSubstr(R"("hedge":"lost")"));
}

TEST_F(Hedging, NobodyIsAskedBesideOneThatBeginsInTime) {
  const auto answer = stream("to-ok/ok");
  EXPECT_EQ(answer.text(), kHello);
  EXPECT_THAT(asked(), ElementsAre("openrouter"));
}

TEST_F(Hedging, OneThatFailsWhileTheSecondRunsIsFollowedByIt) {
  const auto won = hedges("to-slow", "won");
  const auto answer = stream("to-slow/" + fresh("stall-before-head"));
  expect_sound(answer);
  EXPECT_EQ(answer.text(), kHello);
  EXPECT_THAT(asked(), ElementsAre("openrouter", "haimaker"));
  EXPECT_TRUE(hedges_become("to-slow", "won", won + 1));
  EXPECT_EQ(attempts("to-slow", "openrouter", "upstream_timeout"), 1);
}

// Whom it waited for meanwhile has nothing to show, and will not for long.
TEST_F(Hedging, AKeyThatIsRefusedBesideTheSecondIsFollowedByTheNextAtOnce) {
  simulator::Script refusal;
  refusal.send("HTTP/1.1 429 Too Many Requests\r\nContent-Length: 0\r\n\r\n", milliseconds(400));
  simulator::Order order;
  order.dialect = "haimaker";
  order.script = std::make_shared<const simulator::Script>(refusal);
  upstream().give(std::move(order));
  const auto answer = stream("pool-first/ok");
  expect_sound(answer);
  EXPECT_EQ(answer.text(), kHello);
  EXPECT_THAT(asked(), ElementsAre("haimaker", "openrouter", "haimaker"));
  EXPECT_TRUE(hedges_become("pool-first", "lost", 1));
  EXPECT_EQ(attempts("pool-first", "openrouter", "outpaced"), 1);
}

TEST_F(Hedging, AKeyOfTheSecondThatIsRefusedIsFollowedByTheNextAtOnce) {
  const auto answer = stream("pool-beside/" + fresh("stall-before-head"));
  expect_sound(answer);
  EXPECT_THAT(asked(), ElementsAre("openrouter", "haimaker", "haimaker"));
  EXPECT_TRUE(hedges_become("pool-beside", "won", 1));
  EXPECT_EQ(attempts("pool-beside", "openrouter", "outpaced"), 1);
}

TEST_F(Hedging, ASecondThatFailsDoesNotDisturbTheFirst) {
  const auto answer = stream("to-failing/slow-first-600ms");
  expect_sound(answer);
  EXPECT_EQ(answer.text(), kHello);
  EXPECT_THAT(asked(), ElementsAre("openrouter", "haimaker"));
  EXPECT_TRUE(hedges_become("to-failing", "failed", 1));
  EXPECT_THAT(answer.answer.body, HasSubstr(": still here"));
}

// What is wrong with the request there may be right with the first: its window may be larger.
TEST_F(Hedging, ASecondThatRefusesTheRequestDoesNotEitherDisturbTheFirst) {
  for (const std::string_view route : {"to-overflow", "to-refusing"}) {
    SCOPED_TRACE(route);
    const auto answer = stream(fmt::format("{}/slow-first-600ms", route));
    expect_sound(answer);
    EXPECT_EQ(answer.text(), kHello);
  }
}

TEST_F(Hedging, NobodyIsAskedForAClientThatHasLeft) {
  test::HttpClient client(gateway().client_port());
  client.send(
      "POST", "/v1/chat/completions", chat_body("draining/slow-first-600ms", R"(,"stream":true)"),
      {{"Authorization", "Bearer " + std::string(kKey)}, {"Content-Type", "application/json"}});
  EXPECT_TRUE(upstream().log.wait(
      [&](const auto& entries) { return !entries.empty() && entries.back().number > before_; },
      std::chrono::steady_clock::now() + kSoon));
  client.close();
  EXPECT_TRUE(
      test::wait_for(kSoon, [] { return attempts("draining", "openrouter", "client_left") == 1; }));
  EXPECT_THAT(asked(), ElementsAre("openrouter"));
}

// One of twenty may be slow; who is so each time is left alone, and costs nobody a hedge.
TEST_F(Hedging, AFirstTargetThatHangsIsLeftAloneAfterSome) {
  const auto model = "hanging/" + fresh("stall-before-head");
  for (int i = 0; i < 5; ++i) EXPECT_EQ(stream(model).text(), kHello);
  EXPECT_THAT(asked(), ElementsAre("openrouter", "haimaker", "openrouter", "haimaker", "openrouter",
                                   "haimaker", "haimaker", "haimaker"));
}

// A target that has become slower than the time that was set for it.
TEST_F(Hedging, NotEveryRequestOfASlowTargetIsDoubled) {
  constexpr int kRequests = 30;
  std::list<test::HttpClient> clients;
  for (int i = 0; i < kRequests; ++i) {
    clients.emplace_back(gateway().client_port())
        .send("POST", "/v1/chat/completions",
              chat_body("slow/slow-first-900ms", R"(,"stream":true)"),
              {{"Authorization", "Bearer " + std::string(kKey)},
               {"Content-Type", "application/json"}});
  }
  for (auto& client : clients) EXPECT_EQ(client.read_head().status, 200);
  EXPECT_TRUE(test::wait_for(
      kSoon, [] { return hedges("slow", "won") + hedges("slow", "withheld") == kRequests; }));
  // Ten of ten seconds, where requests are few; they may fall into two such spans.
  EXPECT_GE(hedges("slow", "won"), 10);
  EXPECT_LE(hedges("slow", "won"), 20);
}

TEST_F(Hedging, TheSlowerOneGoesOnWhereTheFasterBreaksOff) {
  const auto answer = stream("to-slow-ok/slow-first-300ms,close-after-4");
  expect_sound(answer);
  EXPECT_EQ(answer.text(), kHello);
  EXPECT_THAT(asked(), ElementsAre("openrouter", "haimaker", "haimaker"));
  EXPECT_THAT(answer.answer.body, HasSubstr(": rescued by haimaker"));
}

TEST_F(Hedging, WhereBothStallTheClientHearsSignsOfLifeAndLeavesBothAtOnce) {
  test::HttpClient client(gateway().client_port());
  client.send(
      "POST", "/v1/chat/completions",
      chat_body("to-stalled/" + fresh("stall-before-head"), R"(,"stream":true)"),
      {{"Authorization", "Bearer " + std::string(kKey)}, {"Content-Type", "application/json"}});
  EXPECT_EQ(client.read_head().status, 200);
  const auto log_has = [&](std::size_t count, Ended how) {
    return upstream().log.wait(
        [&](const auto& entries) {
          std::size_t found = 0;
          for (const auto& entry : entries) {
            if (entry.number > before_ && entry.ended == how) ++found;
          }
          return found == count;
        },
        std::chrono::steady_clock::now() + kSoon);
  };
  EXPECT_TRUE(log_has(2, Ended::not_yet));
  client.close();
  EXPECT_TRUE(log_has(2, Ended::client_left));
  EXPECT_TRUE(test::wait_for(kSoon, [] {
    return attempts("to-stalled", "openrouter", "client_left") == 1 &&
           attempts("to-stalled", "haimaker", "client_left") == 1;
  }));
}

// The hold of a second attempt does not fit beside the first one's.
TEST_F(Hedging, NoMoreIsAskedThanTheBudgetHolds) {
  const auto answer =
      post("/v1/chat/completions",
           chat_body("to-ok/slow-first-600ms", R"(,"stream":true,"max_tokens":1200)"),
           {{"Authorization", "Bearer sk-tg-poor"}});
  EXPECT_EQ(answer.status, 200) << answer.body;
  EXPECT_THAT(asked(), ElementsAre("openrouter"));
}

TEST_F(Hedging, AfterItsOwnP95OnceThatIsKnown) {
  for (int i = 0; i < 20; ++i) EXPECT_EQ(stream("by-p95/ok").text(), kHello);
  EXPECT_EQ(asked().size(), 20U) << "nobody knew how long it takes";
  const auto answer = stream("by-p95/" + fresh("stall-before-head"));
  EXPECT_EQ(answer.text(), kHello);
  EXPECT_TRUE(hedges_become("by-p95", "won", 1));
}

TEST_F(Hedging, ADryRunSaysThatTheSecondMayBeAskedBesideTheFirst) {
  for (const auto& [model, after] :
       {std::pair("to-ok/ok", "has not begun after 200ms"), std::pair("by-p95/ok", "95 of 100")}) {
    const auto answer =
        post("/v1/chat/completions", chat_body(model), {{"x-tollgate-dry-run", "true"}});
    EXPECT_THAT(answer.body, HasSubstr(R"("why":"asked first")"));
    EXPECT_THAT(answer.body, HasSubstr(R"("why":"asked beside the first where that )"));
    EXPECT_THAT(answer.body, HasSubstr(after));
  }
}

TEST_F(Hedging, AnExplanationNamesTheOneThatWasSlower) {
  const auto answer = post("/v1/chat/completions", chat_body("to-ok/" + fresh("stall-before-head")),
                           {{"x-tollgate-explain", "true"}});
  EXPECT_THAT(answer.body, HasSubstr(R"("target":"openrouter/mock/*","outcome":"outpaced")"));
  EXPECT_THAT(answer.body, HasSubstr(R"("target":"haimaker/mock/ok","outcome":"answered")"));
}

}  // namespace
}  // namespace e2e

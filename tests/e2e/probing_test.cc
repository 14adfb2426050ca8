// Providers that say how they may be asked for nothing whether they are back.

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <string>

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "tests/e2e/keys_fixture.h"
#include "tests/support/wait_for.h"

namespace e2e {
namespace {

using std::chrono::seconds;
using testing::HasSubstr;
using testing::Not;

// Each provider's models "NAME/X" reach "mock/X", and one that failed five times rests a minute.
// "healthy" is asked for its health, "listed" for its models, "keyed" for its key; "spent" has a
// key with nothing left; "sick" fails whatever it is asked; "unasked" is never asked.
class Probing : public Keys {
 protected:
  static void SetUpTestSuite() {
    std::string providers;
    std::string models;
    const auto add = [&](std::string_view name, std::string_view kind, std::string_view path,
                         std::string_view ask) {
      providers += fmt::format(
          "  - {{name: {}, kind: {}, base_url: \"{{base}}/{}\", api_key: sk-or-up, "
          "breaker: {{open_for: 60s}}, retries: {{at_most: 0}}, probe: {{ask: {}, every: 1s}}}}\n",
          name, kind, path, ask);
      models += fmt::format(
          "  - {{name: \"{0}/*\", targets: [{{provider: {0}, model: \"mock/*\", "
          "price: {{usd_per_request: 0.001}}}}]}}\n",
          name);
    };
    add("healthy", "openai", "onprem/v1", "health");
    add("listed", "haimaker", "haimaker/v1", "models");
    add("keyed", "openrouter", "openrouter/api/v1", "key");
    add("spent", "openrouter", "openrouter+key-spent/api/v1", "key");
    add("sick", "openai", "onprem+503/v1", "health");
    add("unasked", "openai", "onprem+ok/v1", "off");
    start_with(Additions{.providers = providers, .models = models});
  }

  static void open(const std::string& model) {
    for (int i = 0; i < 5; ++i) EXPECT_EQ(chat(model).status, 502);
  }
  // So far, requests of this method whose target begins so.
  static std::ptrdiff_t asked(std::string_view method, std::string_view target) {
    const auto entries = upstream().log.entries();
    return std::count_if(entries.begin(), entries.end(), [&](const auto& entry) {
      return entry.request.method == method && entry.request.target.starts_with(target);
    });
  }
  static std::string metrics() {
    return test::HttpClient(gateway().admin_port()).get("/metrics").body;
  }
};

TEST_F(Probing, U38_ALongRestEndsSoonAfterAFreeQuestionIsAnswered) {
  struct Case {
    std::string model;
    std::string_view question;
    std::string_view completions;
  };
  for (const Case& one :
       {Case{"healthy/5x503-then-ok,words-21", "/onprem/health", "/onprem/v1/chat"},
        Case{"listed/5x503-then-ok,words-22", "/haimaker/v1/models", "/haimaker/v1/chat"},
        Case{"keyed/5x503-then-ok,words-23", "/openrouter/api/v1/key",
             "/openrouter/api/v1/chat"}}) {
    const auto completions = asked("POST", one.completions);
    const auto questions = asked("GET", one.question);
    open(one.model);
    EXPECT_EQ(chat(one.model).status, 502) << "it rests";
    EXPECT_TRUE(test::wait_for(seconds(30), [&] { return chat(one.model).status == 200; }));
    EXPECT_EQ(chat(one.model).status, 200);
    EXPECT_GE(asked("GET", one.question), questions + 1);
    EXPECT_EQ(asked("POST", one.completions), completions + 7)
        << "five that failed and the two that were answered: a question buys none";
  }
  EXPECT_THAT(metrics(),
              HasSubstr("tollgate_probes_total{provider=\"healthy\",outcome=\"back\"} 1\n"));
}

TEST_F(Probing, U31_ATargetWithoutCreditIsBackSoonAfterItsKeyHasSome) {
  const std::string model = "keyed/402-then-ok,words-24";
  EXPECT_EQ(chat(model).status, 429);
  EXPECT_TRUE(test::wait_for(seconds(30), [&] { return chat(model).status == 200; }))
      << "the rest is five minutes";
}

TEST_F(Probing, U31_AKeyWithNothingLeftIsWhyATargetRests) {
  open("spent/5x503-then-ok,words-25");
  EXPECT_TRUE(test::wait_for(seconds(30), [&] {
    return admin("GET", "/api/targets")
               .body.find(R"("name":"spent/mock/5x503-then-ok,words-25","state":"open",)"
                          R"("reason":{"code":"upstream_no_credit")") != std::string::npos;
  }));
  EXPECT_THAT(metrics(),
              HasSubstr("tollgate_probes_total{provider=\"spent\",outcome=\"refused\"}"));
  EXPECT_THAT(chat("spent/5x503-then-ok,words-25").body, HasSubstr("insufficient_quota"));
}

TEST_F(Probing, WhoDoesNotAnswerRestsOnAndIsAskedAgain) {
  open("sick/words-26");
  const auto completions = asked("POST", "/onprem+503/");
  EXPECT_TRUE(test::wait_for(seconds(30), [&] { return asked("GET", "/onprem+503/health") >= 3; }));
  EXPECT_EQ(chat("sick/words-26").status, 502);
  EXPECT_EQ(asked("POST", "/onprem+503/"), completions) << "it is still left alone";
  EXPECT_THAT(metrics(),
              HasSubstr("tollgate_probes_total{provider=\"sick\",outcome=\"back\"} 0\n"));
}

TEST_F(Probing, WhereItIsOffNobodyIsAsked) {
  open("unasked/5x503-then-ok,words-27");
  open("sick/words-28");
  const auto others = asked("GET", "/onprem+503/health");
  EXPECT_TRUE(test::wait_for(seconds(30),
                             [&] { return asked("GET", "/onprem+503/health") >= others + 2; }));
  EXPECT_EQ(asked("GET", "/onprem+ok/"), 0);
  EXPECT_EQ(chat("unasked/5x503-then-ok,words-27").status, 502) << "and it rests on";
  EXPECT_THAT(metrics(), Not(HasSubstr("tollgate_probes_total{provider=\"unasked\"")));
}

// Its models "hung/X" time out, and whether it is back it is asked in vain.
class ProbingAtTheEnd : public Gateway {
 protected:
  static void SetUpTestSuite() {
    start_with(Additions{
        .providers =
            "  - {name: hung, kind: openai, base_url: \"{base}/onprem+stall-before-head/v1\", "
            "timeouts: {first_byte: 100ms}, breaker: {open_for: 60s}, retries: {at_most: 0}, "
            "probe: {ask: health, every: 1s}}\n",
        .models = "  - {name: \"hung/*\", targets: [{provider: hung, model: \"mock/*\", "
                  "price: unknown}]}\n"});
  }
};

TEST_F(ProbingAtTheEnd, AQuestionUnderWayIsGivenUp) {
  for (int i = 0; i < 5; ++i) EXPECT_EQ(chat("hung/ok", R"(,"stream":true)").status, 504);
  const auto is_question = [](const simulator::LogEntry& entry) {
    return entry.request.method == "GET" && entry.ended == simulator::Ended::not_yet;
  };
  ASSERT_TRUE(upstream().log.wait(
      [&](const auto& entries) { return std::any_of(entries.begin(), entries.end(), is_question); },
      std::chrono::steady_clock::now() + seconds(30)));
  const auto begun = std::chrono::steady_clock::now();
  EXPECT_EQ(gateway().stop(), 0) << gateway().log();
  // Nobody waits for its five seconds to pass.
  EXPECT_LT(std::chrono::steady_clock::now() - begun, seconds(4));
}

}  // namespace
}  // namespace e2e

// How long each phase of an attempt, an attempt and a request may last.

#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "tests/e2e/gateway_fixture.h"
#include "tests/support/never_accepts.h"
#include "tests/support/wait_for.h"

namespace e2e {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::HasSubstr;

// Models: "PHASE/X" whose one target "mock/X" has a short limit for that phase, and
// "PHASE-then/X" with a target behind it that answers. Nothing is asked again by default: a limit
// was waited for once.
class TimeLimits : public Gateway {
 protected:
  static void SetUpTestSuite() {
    full_ = std::make_unique<test::NeverAccepts>(true);
    mute_ = std::make_unique<test::NeverAccepts>(false);
    std::string models;
    const auto add = [&models](std::string_view name, std::string_view target) {
      constexpr std::string_view kModel =
          "  - {{name: \"{}{}/*\", targets: [{{{}, price: unknown, breaker: {{failures_in_a_row: "
          "0, "
          "failure_share: 0}}}}{}]}}\n";
      models += fmt::format(kModel, name, "", target, "");
      models += fmt::format(kModel, name, "-then", target,
                            ", {provider: haimaker, model: mock/ok, price: unknown}");
    };
    const auto limited = [](std::string_view limit) {
      return fmt::format(
          "provider: onprem, model: \"mock/*\", retries: {{at_most: 1}}, timeouts: {{{}}}", limit);
    };
    add("connect", "provider: full, model: mock/ok");
    add("tls", "provider: mute, model: mock/ok");
    add("dns", "provider: nameless, model: mock/ok");
    add("first-byte", limited("first_byte: 300ms"));
    add("first-content", limited("first_content: 300ms"));
    add("whole-answer", limited("whole_answer: 300ms"));
    add("idle", limited("idle: 300ms"));
    add("attempt", limited("attempt: 500ms"));
    models +=
        "  - {name: \"paid/*\", deadline: 500ms, targets: [{provider: openrouter, model: "
        "\"mock/*\", price: {usd_per_million_input: 1, usd_per_million_output: 1}}]}\n";
    models +=
        "  - {name: \"deadline/*\", deadline: 500ms, targets: [{provider: openrouter, model: "
        "\"mock/*\","
        " price: unknown}, {provider: onprem, model: \"mock/*\", price: unknown}]}\n";
    models +=
        "  - {name: \"waits/*\", deadline: 1s, targets: [{provider: reka, model: \"mock/*\","
        " price: unknown, retries: {at_most: 1, cap: 5s}}]}\n";
    start_with(Additions{
        .providers = fmt::format(
            R"(  - {{name: full, kind: openai, base_url: "http://127.0.0.1:{}/v1", timeouts: {{connect: 300ms}}}}
  - {{name: mute, kind: openai, base_url: "https://127.0.0.1:{}/v1", timeouts: {{tls: 300ms}}}}
  - {{name: nameless, kind: openai, base_url: "https://no-such-host.invalid/v1", timeouts: {{connect: 2s}}}}
)",
            full_->port(), mute_->port()),
        .models = models});
  }
  static void TearDownTestSuite() {
    Gateway::TearDownTestSuite();
    full_.reset();
    mute_.reset();
  }

  static std::uint64_t asked() { return upstream().log.totals().requests; }
  static bool logs(std::string_view text) {
    return test::wait_for(seconds(5),
                          [&] { return gateway().log().find(text) != std::string::npos; });
  }
  // Alone: one error after that limit; with another behind it: an answer.
  static void costs_its_limit(std::string_view phase, std::string_view fault, bool streamed,
                              unsigned status = 504) {
    SCOPED_TRACE(phase);
    const std::string more = streamed ? R"(,"stream":true)" : "";
    const auto before = asked();
    EXPECT_EQ(chat(fmt::format("{}/{}", phase, fault), more).status, status);
    EXPECT_LE(asked(), before + 1) << "a limit that was waited for is not waited for again";
    const auto answer = chat(fmt::format("{}-then/{}", phase, fault), more);
    EXPECT_EQ(answer.status, 200) << answer.body;
    EXPECT_EQ(answer.header("x-tollgate-provider"), "haimaker");
  }

  static inline std::unique_ptr<test::NeverAccepts> full_;
  static inline std::unique_ptr<test::NeverAccepts> mute_;
};

TEST_F(TimeLimits, U02_AConnectThatHearsNothing) {
  costs_its_limit("connect", "ok", false);
}

TEST_F(TimeLimits, U03_AnAddressThatIsNotFound) {
  costs_its_limit("dns", "ok", false, 502);
}

TEST_F(TimeLimits, U06_ATlsHandshakeThatStalls) {
  costs_its_limit("tls", "ok", true);
}

TEST_F(TimeLimits, U10_AnUpstreamThatAcceptsAndSaysNothing) {
  costs_its_limit("first-byte", "stall-before-head", true);
  costs_its_limit("whole-answer", "stall-before-head", false);
}

TEST_F(TimeLimits, U53_AStreamThatNeverBegins) {
  costs_its_limit("first-content", "stall-after-head", true);
  costs_its_limit("first-content", "slow-first-3000ms", true);
  costs_its_limit("idle", "stall-after-head", true);
}

TEST_F(TimeLimits, U53_AStreamThatFallsSilentEndsInAnErrorEvent) {
  const auto answer = stream("idle/stall-after-2");
  EXPECT_TRUE(answer.text().starts_with("You"));
  EXPECT_TRUE(answer.error());
  EXPECT_FALSE(answer.done);
}

TEST_F(TimeLimits, AnAttemptIsOverWhenItsTimeIs) {
  costs_its_limit("attempt", "wait-5000ms", false);
  costs_its_limit("attempt", "stall-before-head", true);
  EXPECT_TRUE(logs("the attempt took 500ms"));
}

TEST_F(TimeLimits, AnAttemptsTimeCountsToItsLastByte) {
  const auto answer = stream("attempt/slow-100ms,words-60");
  EXPECT_NE(answer.text(), "");
  ASSERT_TRUE(answer.error()) << answer.answer.body;
  EXPECT_FALSE(answer.done);
}

TEST_F(TimeLimits, TheDeadlineHoldsForAllAttemptsTogether) {
  for (const bool streamed : {false, true}) {
    const auto before = asked();
    const auto answer = chat("deadline/stall-before-head", streamed ? R"(,"stream":true)" : "");
    EXPECT_EQ(answer.status, 504) << answer.body;
    EXPECT_EQ(asked(), before + 1) << "no time is left for the second";
    EXPECT_THAT(answer.body, HasSubstr("when the request's time, 500ms, was over."));
  }
  EXPECT_TRUE(logs("the request's deadline of 500ms has passed"));
  const auto quick = chat("deadline/words-61");
  EXPECT_EQ(quick.status, 200);
}

TEST_F(TimeLimits, AnErrorTellsWhatWasSpentForIt) {
  const auto spent = chat("paid/stall-before-head");
  EXPECT_EQ(spent.status, 504);
  ASSERT_NE(spent.header("x-tollgate-cost-usd"), "");
  EXPECT_GT(std::stod(spent.header("x-tollgate-cost-usd")), 0) << "it may have read the prompt";
  EXPECT_EQ(chat("paid/503").header("x-tollgate-cost-usd"), "") << "a refusal costs nothing";
}

TEST_F(TimeLimits, TheDeadlineEndsAStreamThatGoesOn) {
  const auto answer = stream("deadline/slow-100ms,words-62");
  EXPECT_NE(answer.text(), "");
  EXPECT_TRUE(answer.error());
  EXPECT_FALSE(answer.done);
}

TEST_F(TimeLimits, U32_AWaitPastTheDeadlineIsNotWaited) {
  const auto before = asked();
  const auto answer = chat("waits/429-retry-after,words-63");
  EXPECT_EQ(answer.status, 429);
  EXPECT_EQ(answer.header("retry-after"), "2");
  EXPECT_EQ(asked(), before + 1);
}

}  // namespace
}  // namespace e2e

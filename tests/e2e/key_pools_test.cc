// A provider with several keys: one that is refused rests, and the next is asked with.

#include <string>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "tests/e2e/gateway_fixture.h"
#include "tests/support/wait_for.h"

namespace e2e {
namespace {

using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

// Models "PROVIDER/X" that reach "mock/X": "spoilt" has a bad key before a good one, "rich" two
// good ones, "ruined" two bad ones, "both" api_key and api_keys, "live" and "live-native" are
// Reka's.
class KeyPools : public Gateway {
 protected:
  static void SetUpTestSuite() {
    std::string models;
    for (const std::string_view name : {"spoilt", "rich", "ruined", "both", "live"}) {
      models += model_of(name, "");
    }
    start_with(Additions{
        .providers =
            R"(  - {name: spoilt, kind: openrouter, base_url: "{base}/openrouter/api/v1", retries: &none {at_most: 0},
     api_keys: [sk-or-wrong, sk-or-second]}
  - {name: rich, kind: haimaker, base_url: "{base}/haimaker/v1", retries: *none,
     api_keys: [sk-first, sk-second]}
  - {name: ruined, kind: haimaker, base_url: "{base}/haimaker/v1", retries: *none,
     api_keys: [sk-wrong-1, sk-wrong-2]}
  - {name: both, kind: haimaker, base_url: "{base}/haimaker/v1", retries: *none,
     api_key: sk-wrong-1, api_keys: [sk-wrong-2, sk-third]}
  - {name: live, kind: reka, preset: current, base_url: "{base}/reka/v1", retries: *none,
     api_keys: [reka-wrong, reka-second]}
)",
        .models = models + model_of("live", "kind: reka_chat, ", "live-native")});
  }
  static std::string model_of(std::string_view provider, std::string_view more,
                              std::string_view name = "") {
    return fmt::format(
        "  - {{name: \"{}/*\", targets: [{{provider: {}, {}model: \"mock/*\", "
        "price: {{usd_per_request: 0.001}}}}]}}\n",
        name.empty() ? provider : name, provider, more);
  }

  static std::uint64_t asked() { return upstream().log.totals().requests; }
  static std::string metrics() {
    return test::HttpClient(gateway().admin_port()).get("/metrics").body;
  }
  // The keys of what came upstream after the first `before` requests.
  static std::vector<std::string> keys_since(std::uint64_t before) {
    std::vector<std::string> out;
    for (const auto& entry : upstream().log.entries()) {
      if (entry.number <= before) continue;
      for (const auto& [name, value] : entry.request.headers) {
        if (name == "authorization") out.push_back(value.substr(value.find(' ') + 1));
      }
    }
    return out;
  }
};

TEST_F(KeyPools, U30_ABadKeyIsPassedOverAndRests) {
  const auto before = asked();
  const auto answer = chat("spoilt/words-31");
  EXPECT_EQ(answer.status, 200) << answer.body;
  EXPECT_THAT(keys_since(before), ElementsAre("sk-or-wrong", "sk-or-second"));
  const auto later = asked();
  EXPECT_EQ(chat("spoilt/words-31").status, 200);
  EXPECT_THAT(keys_since(later), ElementsAre("sk-or-second"));
}

TEST_F(KeyPools, U32_AKeyAtItsLimitRestsForAsLongAsItWasAsked) {
  const auto before = asked();
  EXPECT_EQ(chat("rich/429-retry-after-then-ok,words-32").status, 200);
  EXPECT_EQ(chat("rich/429-retry-after-then-ok,words-32").status, 200);
  EXPECT_THAT(keys_since(before), ElementsAre("sk-first", "sk-second", "sk-second"));
  // The simulator asks for two seconds.
  EXPECT_TRUE(test::wait_for(seconds(20), [] {
    EXPECT_EQ(chat("rich/429-retry-after-then-ok,words-32").status, 200);
    return keys_since(asked() - 1) == std::vector<std::string>{"sk-first"};
  }));
}

TEST_F(KeyPools, U31_AKeyWithoutCreditRests) {
  const auto before = asked();
  EXPECT_EQ(chat("rich/429-credits-then-ok,words-33").status, 200);
  EXPECT_EQ(chat("rich/429-credits-then-ok,words-33").status, 200);
  EXPECT_THAT(keys_since(before), ElementsAre("sk-first", "sk-second", "sk-second"));
}

TEST_F(KeyPools, AStreamMovesToTheNextKeyToo) {
  const auto answer = stream("rich/429-then-ok,words-34");
  expect_sound(answer);
}

TEST_F(KeyPools, EveryDialectSendsTheKeyThatWasChosen) {
  for (const std::string_view route : {"live", "live-native"}) {
    const auto before = asked();
    // Both are one target where they ask for one model.
    const auto answer = chat(fmt::format("{}/words-{}", route, 300 + route.size()));
    EXPECT_EQ(answer.status, 200) << route << answer.body;
    EXPECT_THAT(keys_since(before), ElementsAre("reka-wrong", "reka-second")) << route;
    for (const auto& [name, value] : last_upstream().request.headers) {
      if (name == "x-api-key") EXPECT_EQ(value, "reka-second");
    }
  }
}

TEST_F(KeyPools, U30_TheBreakerHearsOfItWhenNoneIsLeft) {
  const auto before = asked();
  const auto answer = chat("ruined/words-36");
  EXPECT_EQ(answer.status, 502);
  EXPECT_THAT(answer.body, HasSubstr("upstream_denied"));
  EXPECT_THAT(keys_since(before), ElementsAre("sk-wrong-1", "sk-wrong-2"));
  const auto later = asked();
  EXPECT_EQ(chat("ruined/words-36").status, 502);
  EXPECT_EQ(asked(), later) << "nobody is asked";
  EXPECT_THAT(metrics(), HasSubstr("tollgate_circuit_state{target=\"ruined/mock/*\"} 2\n"));
}

TEST_F(KeyPools, U32_WhereAllAreAtTheirLimitTheClientIsToldUntilWhen) {
  const auto answer = chat("rich/429-retry-after,words-37");
  EXPECT_EQ(answer.status, 429);
  EXPECT_EQ(answer.header("retry-after"), "2");
  const auto before = asked();
  EXPECT_EQ(chat("rich/429-retry-after,words-37").status, 429);
  EXPECT_EQ(asked(), before);
}

TEST_F(KeyPools, TheOneKeyComesBeforeTheOthers) {
  const auto before = asked();
  EXPECT_EQ(chat("both/words-38").status, 200);
  EXPECT_THAT(keys_since(before), ElementsAre("sk-wrong-1", "sk-wrong-2", "sk-third"));
}

TEST_F(KeyPools, WhatIsNotTheKeysFaultStaysWithTheTarget) {
  const auto before = asked();
  EXPECT_EQ(chat("rich/503,words-39").status, 502);
  EXPECT_EQ(chat("rich/400,words-39").status, 400);
  EXPECT_THAT(keys_since(before), ElementsAre("sk-first", "sk-first"));
}

TEST_F(KeyPools, WhichKeyServedIsToldByItsPlaceAlone) {
  ASSERT_EQ(chat("spoilt/words-40").status, 200);
  const std::string told = metrics();
  EXPECT_THAT(
      told,
      HasSubstr(R"(tollgate_key_attempts_total{provider="spoilt",key="1",outcome="failed"})"));
  EXPECT_THAT(told,
              HasSubstr(R"(tollgate_key_attempts_total{provider="spoilt",key="2",outcome="ok"})"));
  EXPECT_TRUE(test::wait_for(
      seconds(5), [] { return gateway().log().find("\"upstream_key\":2") != std::string::npos; }));
  for (const std::string_view key : {"sk-or-wrong", "sk-or-second", "sk-first", "reka-second"}) {
    EXPECT_THAT(told, Not(HasSubstr(key)));
    EXPECT_THAT(gateway().log(), Not(HasSubstr(key)));
  }
}

}  // namespace
}  // namespace e2e

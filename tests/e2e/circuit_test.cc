// A target that fails is left alone for a while, and one request of real traffic finds out when it
// answers again.

#include <chrono>
#include <string>

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "tests/e2e/keys_fixture.h"
#include "tests/support/wait_for.h"

namespace e2e {
namespace {

using std::chrono::seconds;
using testing::HasSubstr;

class Circuits : public Keys {
 protected:
  static std::uint64_t asked() { return upstream().log.totals().requests; }
  static std::string metrics() {
    return test::HttpClient(gateway().admin_port()).get("/metrics").body;
  }
  // A name of its own in each test, since the circuits outlive them.
  static std::string model(std::string_view route, std::string_view fault, int number) {
    return fmt::format("{}/{},words-{}", route, fault, number);
  }
};

TEST_F(Circuits, U38_ATargetThatFailsIsAskedNoMoreAndTheNextAnswersAtOnce) {
  const std::string dead = model("failover", "503", 11);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(chat(dead).status, 200) << "the other one answers";
  const auto before = asked();
  for (int i = 0; i < 5; ++i) EXPECT_EQ(chat(dead).status, 200);
  EXPECT_EQ(asked(), before + 5) << "the dead one is not asked";

  const std::string alone = model("haimaker", "503", 11);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(chat(alone).status, 502);
  const auto asked_so_far = asked();
  const auto refused = chat(alone);
  EXPECT_EQ(refused.status, 502);
  EXPECT_FALSE(refused.header("retry-after").empty());
  EXPECT_THAT(refused.body, HasSubstr("left alone for now"));
  EXPECT_EQ(asked(), asked_so_far) << "and that cost nothing";
}

TEST_F(Circuits, U38_OneRequestFindsOutThatItAnswersAgain) {
  const std::string name = model("onprem", "5x503-then-ok", 12);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(chat(name).status, 502);
  EXPECT_TRUE(test::wait_for(seconds(20), [&] { return chat(name).status == 200; }));
  EXPECT_EQ(chat(name).status, 200);
}

TEST_F(Circuits, U32_ARateLimitIsWaitedOut) {
  const std::string limited = model("openrouter", "429-retry-after", 13);
  const auto first = chat(limited);
  EXPECT_EQ(first.status, 429);
  const auto before = asked();
  const auto second = chat(limited);
  EXPECT_EQ(second.status, 429);
  EXPECT_FALSE(second.header("retry-after").empty());
  EXPECT_EQ(asked(), before);
}

TEST_F(Circuits, U31_NoCreditLeavesTheTargetAloneForLonger) {
  const std::string poor = model("openrouter", "402", 14);
  const auto first = chat(poor);
  EXPECT_EQ(first.status, 429);
  EXPECT_THAT(first.body, HasSubstr("insufficient_quota"));
  const auto before = asked();
  const auto second = chat(poor);
  EXPECT_EQ(second.status, 429);
  EXPECT_THAT(second.body, HasSubstr("insufficient_quota"));
  EXPECT_EQ(asked(), before);
}

TEST_F(Circuits, AreToldAndClosedByHand) {
  const std::string dead = model("haimaker", "503", 16);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(chat(dead).status, 502);
  const auto told = admin("GET", "/api/targets");
  EXPECT_THAT(told.body, HasSubstr(R"({"name":"haimaker/mock/503,words-16","state":"open",)"
                                   R"("reason":{"code":"upstream_unavailable","in_a_row":5})"));
  EXPECT_THAT(metrics(), HasSubstr("tollgate_circuit_state{target=\"haimaker/mock/*\"} 2\n"));
  EXPECT_THAT(metrics(), HasSubstr("tollgate_circuit_reason{target=\"haimaker/mock/*\","
                                   "reason=\"upstream_unavailable\"} 1\n"));
  const auto before = asked();
  EXPECT_EQ(admin("POST", "/api/targets/haimaker/mock/*/reset").status, 200U);
  EXPECT_EQ(chat(dead).status, 502);
  EXPECT_EQ(asked(), before + 1) << "asked again";
}

TEST_F(Circuits, TheLogNamesWhomNobodyWasAskedFor) {
  const std::string dead = model("haimaker", "503", 20240718);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(chat(dead).status, 502);
  const auto refused = chat(dead);
  EXPECT_EQ(refused.status, 502);
  const std::string begins =
      fmt::format(R"("msg":"request","request":"{}")", refused.header("x-request-id"));
  std::string line;
  EXPECT_TRUE(test::wait_for(std::chrono::seconds(5), [&] {
    const std::string log = gateway().log();
    const auto at = log.find(begins);
    if (at != std::string::npos) line = log.substr(at, log.find('\n', at) - at);
    return line.find("overhead_ms") != std::string::npos;
  }));
  EXPECT_THAT(line, HasSubstr(R"("target":"haimaker/mock/503,words-20240718")"));
  EXPECT_THAT(line, HasSubstr(R"("detail":"its circuit is open")"));
}

TEST_F(Circuits, ATargetIsTakenOutOfUseOnPurpose) {
  const std::string path = "/api/targets/openrouter/rekaai/reka-edge";
  const auto held = admin("POST", path + "/hold", R"({"minutes":30})");
  EXPECT_EQ(held.status, 200U) << held.body;
  EXPECT_THAT(held.body, HasSubstr(R"("state":"open","reason":{"code":"held","in_a_row":0})"));
  const auto before = asked();
  const auto refused = chat("rekaai/reka-edge");
  EXPECT_EQ(refused.status, 502);
  EXPECT_THAT(refused.body, HasSubstr("out of use for now"));
  EXPECT_EQ(asked(), before);
  EXPECT_THAT(
      post("/v1/chat/completions", chat_body("rekaai/reka-edge"), {{"x-tollgate-dry-run", "true"}})
          .body,
      HasSubstr(R"("use":false,"why":"The upstream is out of use for now)"));
  const auto reset = admin("POST", path + "/reset");
  EXPECT_THAT(reset.body, HasSubstr(R"("state":"closed","reason":null)"));
  EXPECT_EQ(chat("rekaai/reka-edge").status, 200);
  EXPECT_THAT(admin("GET", "/api/audit?limit=2").body, HasSubstr("target hold"));
}

TEST_F(Circuits, WhatTheAdminApiCannotDoIsSaid) {
  const auto unknown = admin("POST", "/api/targets/openrouter/rekaai/reka-egde/reset");
  EXPECT_EQ(unknown.status, 404U);
  EXPECT_THAT(unknown.body, HasSubstr("did you mean \\\"openrouter/rekaai/reka-edge\\\"?"));
  const auto no_route = admin("GET", "/api/targets?route=rekaai/reka-egde");
  EXPECT_EQ(no_route.status, 404U);
  EXPECT_THAT(no_route.body, HasSubstr("There is no model \\\"rekaai/reka-egde\\\"; did you mean"));
  EXPECT_EQ(admin("POST", "/api/targets/openrouter/rekaai/reka-edge/open").status, 404U);
  EXPECT_EQ(admin("POST", "/api/targets/openrouter/rekaai/reka-edge/hold").status, 400U);
  EXPECT_EQ(
      admin("POST", "/api/targets/openrouter/rekaai/reka-edge/hold", R"({"minutes":0})").status,
      400U);
  EXPECT_EQ(admin("POST", "/api/targets/haimaker/mock/*/hold", R"({"minutes":1})").status, 400U);
}

TEST_F(Circuits, WhatClientsDoWrongOpensNone) {
  const std::string strict = model("onprem", "400-context", 15);
  for (int i = 0; i < 8; ++i) EXPECT_EQ(chat(strict).status, 400);
  const auto before = asked();
  EXPECT_EQ(chat(strict).status, 400);
  EXPECT_EQ(asked(), before + 1);
}

}  // namespace
}  // namespace e2e

// Streams that break off and are not gone on with: each ends in an error event, and nobody else is
// asked.

#include <chrono>
#include <string>

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "tests/e2e/rescue_fixture.h"
#include "tests/support/wait_for.h"

namespace e2e {
namespace {

using std::chrono::seconds;

class RescueLimits : public RescueFixture {
 protected:
  // The stream ends in an error, and one upstream was asked.
  static void expect_alone(std::string_view model, std::string_view more = "") {
    SCOPED_TRACE(model);
    const auto before = asked();
    expect_broken(stream(fresh(model), more));
    EXPECT_EQ(asked(), before + 1);
  }
};

TEST_F(RescueLimits, WhereTheRouteSaysNo) {
  expect_alone("off/close-after-3");
}

TEST_F(RescueLimits, WhereNobodyIsThereWhoCan) {
  expect_alone("nobody/close-after-3");
  expect_alone("onprem/close-after-3");
}

TEST_F(RescueLimits, NotInsideAToolCall) {
  constexpr std::string_view kTools =
      R"(,"tools":[{"type":"function","function":{"name":"f","parameters":{"type":"object","properties":{"city":{"type":"string"}}}}}])";
  expect_alone("onprem-to-haimaker/tool,close-after-1", kTools);
}

TEST_F(RescueLimits, NotInsideAnAnswerOfASchema) {
  constexpr std::string_view kSchema =
      R"(,"response_format":{"type":"json_schema","json_schema":{"name":"s","schema":{"type":"object","properties":{"city":{"type":"string"}}}}})";
  expect_alone("onprem-to-haimaker/close-after-1", kSchema);
}

TEST_F(RescueLimits, NotWhereItHasOnlyThought) {
  expect_alone("onprem-to-haimaker/reasoning,no-inline-tags,close-after-3");
}

TEST_F(RescueLimits, NotAmongSeveralChoicesOrWithTheirProbabilities) {
  expect_alone("choices/close-after-3", R"(,"n":2)");
  expect_alone("onprem-to-haimaker/close-after-3", R"(,"logprobs":true)");
}

TEST_F(RescueLimits, NotOneLongerThanIsKept) {
  expect_alone("onprem-to-haimaker/words-40000,close-after-39000", R"(,"max_tokens":100000)");
}

TEST_F(RescueLimits, NotWhereItsHoldDoesNotFit) {
  const auto before = asked();
  const auto answer = taken_apart(post(
      "/v1/chat/completions", chat_body("to-dear/" + fresh("close-after-3"), R"(,"stream":true)"),
      {{"Authorization", "Bearer sk-tg-poor"}}));
  expect_broken(answer);
  EXPECT_EQ(asked(), before + 1);
  EXPECT_EQ(metric("tollgate_budget_held_usd", {R"(name="poor-team")"}), 0);
}

// Each attempt has its own time to begin, though the answer has begun.
TEST_F(RescueLimits, NotByOneThatSaysNothingInTime) {
  const auto answer = stream("to-comments/" + fresh("close-after-3"));
  expect_broken(answer);
  EXPECT_EQ(rescues("to-comments", "failed"), 1);
  EXPECT_EQ(attempts("to-comments", "truncated"), 1);
  EXPECT_EQ(attempts("to-comments", "failed"), 1);
}

TEST_F(RescueLimits, NotForAClientThatHasLeft) {
  const auto left = attempts("to-stalled", "client_left");
  test::HttpClient client(gateway().client_port());
  client.send("POST", "/v1/chat/completions",
              chat_body("to-stalled/" + fresh("close-after-3"), R"(,"stream":true)"),
              {{"Authorization", "Bearer " + std::string(kKey)}});
  EXPECT_EQ(client.read_head().status, 200);
  EXPECT_TRUE(test::wait_for(seconds(5), [] {
    const auto entries = upstream().log.entries();
    return !entries.empty() && !entries.back().faults.empty() &&
           entries.back().faults[0] == "stall-after-head";
  }));
  client.close();
  EXPECT_TRUE(test::wait_for(seconds(5),
                             [&] { return attempts("to-stalled", "client_left") == left + 1; }));
  EXPECT_EQ(attempts("to-stalled", "truncated"), 1);
}

}  // namespace
}  // namespace e2e

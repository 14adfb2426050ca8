// What a request tells of its targets, to whoever asks for it and to the log where it failed.

#include <string>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "tests/e2e/keys_fixture.h"
#include "tests/e2e/story.h"

namespace e2e {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

const HeaderFields kAsked{{"x-tollgate-explain", "true"}};

class Explanation : public Keys {
 protected:
  static void SetUpTestSuite() {
    Additions more;
    more.models = R"(
  - name: "three/*"
    targets:
      - {provider: openrouter, model: "mock/*", price: *mock}
      - {provider: haimaker, model: mock/429-retry-after, price: *mock}
      - {provider: onprem, model: mock/reset-before-head, price: *mock}
  - name: "windows/*"
    targets:
      - {provider: onprem, model: "mock/*", price: *mock, context_length: 1000}
      - {provider: haimaker, model: mock/ok, price: *mock, context_length: 1000}
  - name: some-speak
    targets:
      - {provider: openrouter, model: mock/ok, price: *mock, capabilities: {chat: false, completions: true}}
      - {provider: haimaker, model: mock/ok, price: *mock}
      - {provider: onprem, model: mock/ok, price: *mock}
)";
    start_with(more);
  }
  static HttpAnswer ask(std::string_view model, std::string_view more = "") {
    return post("/v1/chat/completions", chat_body(model, more), kAsked);
  }
  static js::value explained(const HttpAnswer& answer) {
    return json(answer).at("tollgate").at("explain");
  }
  static bool logged(const std::string& text) {
    return test::wait_for(kLive, [&] { return gateway().log().find(text) != std::string::npos; });
  }
};

TEST_F(Explanation, AWholeAnswerCarriesItOnlyWhereItIsAskedFor) {
  const auto answer = ask("failover/503,words-40");
  ASSERT_EQ(answer.status, 200) << answer.body;
  const auto told = explained(answer);
  EXPECT_EQ(told.at("order").as_string(), "in_order");
  EXPECT_THAT(story_of(told), ElementsAre("openrouter/mock/* failed upstream_unavailable body",
                                          "haimaker/mock/ok answered"));
  const auto& failed = told.at("targets").at(0).at("ms").as_object();
  EXPECT_TRUE(failed.contains("first_byte"));
  EXPECT_TRUE(failed.contains("total"));
  EXPECT_FALSE(failed.contains("tls")) << "it was not needed";
  EXPECT_TRUE(told.at("targets").at(1).at("reused").is_bool());
  EXPECT_EQ(json(answer).at("object"), "chat.completion");
  EXPECT_FALSE(json(answer).at("choices").as_array().empty());

  EXPECT_THAT(chat("failover/503,words-40").body, Not(HasSubstr("explain")));
}

TEST_F(Explanation, AConnectionIsTimedWhereItWasMadeAndSaidToBeReusedWhereNot) {
  js::value first = explained(ask("onprem/words-41")).at("targets").at(0);
  js::value second = explained(ask("onprem/words-41")).at("targets").at(0);
  // Two workers have a pool each: one of a few is the second at its worker.
  for (int i = 0; i < 20 && !second.at("reused").as_bool(); ++i) {
    second = explained(ask("onprem/words-41")).at("targets").at(0);
  }
  EXPECT_TRUE(second.at("reused").as_bool());
  EXPECT_FALSE(second.at("ms").as_object().contains("connect"));
  EXPECT_TRUE(second.at("ms").as_object().contains("send"));
  if (!first.at("reused").as_bool()) {
    EXPECT_TRUE(first.at("ms").as_object().contains("connect"));
  }
}

TEST_F(Explanation, AStreamCarriesItInACommentBeforeItsDone) {
  const auto answer = ask("failover/reset-after-head,words-42", R"(,"stream":true)");
  ASSERT_EQ(answer.status, 200);
  EXPECT_THAT(story_of(told_in(answer.body)),
              ElementsAre("openrouter/mock/* failed upstream_unavailable first_content",
                          "haimaker/mock/ok answered"));
  EXPECT_LT(answer.body.find(": tollgate "), answer.body.find("data: [DONE]"));
  expect_sound(taken_apart(answer));
  EXPECT_TRUE(
      told_in(answer.body).at("targets").at(1).at("ms").as_object().contains("first_content"));
}

TEST_F(Explanation, AStreamThatBreaksCarriesItBeforeItsError) {
  const auto answer = ask("onprem/reset-after-2,slow-100ms", R"(,"stream":true)");
  const auto told = told_in(answer.body);
  EXPECT_THAT(story_of(told), ElementsAre("onprem/mock/* failed upstream_unavailable body"));
  EXPECT_LT(answer.body.find(": tollgate "), answer.body.find("\"error\""));
  EXPECT_FALSE(taken_apart(answer).done);
}

TEST_F(Explanation, SaysWhyTargetsWerePassedOver) {
  EXPECT_THAT(story_of(explained(ask("some-speak"))),
              ElementsAre("haimaker/mock/ok answered", "openrouter/mock/ok skipped cannot_serve",
                          "onprem/mock/ok not_needed"));
  EXPECT_THAT(story_of(explained(ask("windows/400-context"))),
              ElementsAre("onprem/mock/* failed context_length body",
                          "haimaker/mock/ok skipped larger_window_needed context_length"));
  EXPECT_THAT(story_of(explained(ask("windows/400,words-43"))),
              ElementsAre("onprem/mock/* failed upstream_rejected body",
                          "haimaker/mock/ok skipped same_for_all upstream_rejected"));
  const std::string dead = "failover/503,words-44";
  for (int i = 0; i < 5; ++i) EXPECT_EQ(chat(dead).status, 200);
  EXPECT_THAT(story_of(explained(ask(dead))),
              ElementsAre("openrouter/mock/* skipped circuit_open upstream_unavailable",
                          "haimaker/mock/ok answered"));
}

TEST_F(Explanation, SaysThatATargetIsHeld) {
  const std::string path = "/api/targets/openrouter/rekaai/reka-edge";
  EXPECT_EQ(admin("POST", path + "/hold", R"({"minutes":30})").status, 200U);
  const auto answer = ask("rekaai/reka-edge");
  EXPECT_EQ(answer.status, 502);
  EXPECT_THAT(story_of(explained(answer)), ElementsAre("openrouter/rekaai/reka-edge skipped held"));
  EXPECT_EQ(admin("POST", path + "/reset").status, 200U);
}

TEST_F(Explanation, AnAttemptThatFailedIsInTheLogThoughAnotherAnswered) {
  const auto answer = chat("failover/503,words-47");
  ASSERT_EQ(answer.status, 200);
  EXPECT_TRUE(logged(fmt::format(
      R"("msg":"attempt failed","request":"{}","attempt":1,"target":"openrouter/mock/*",)"
      R"("model":"mock/503,words-47","status":503,"error":"upstream_unavailable","detail":")",
      answer.header("x-request-id"))))
      << gateway().log();
  for (int i = 0; i < 4; ++i) EXPECT_EQ(chat("failover/503,words-47").status, 200);
  EXPECT_TRUE(logged(R"("msg":"target left alone","target":"openrouter/mock/*",)"
                     R"("model":"mock/503,words-47","why":"upstream_unavailable","status":503,)"
                     R"("rest_ms":)"))
      << gateway().log();
}

TEST_F(Explanation, SaysThatTheBudgetDidNotAllowIt) {
  const std::string poor =
      make("poor", R"(,"budgets":[{"limit":"0.0000001","window":"total","zone":"UTC"}])");
  HttpAnswer answer;
  EXPECT_TRUE(test::wait_for(kLive, [&] {
    answer = post("/v1/chat/completions", chat_body("rekaai/reka-edge"),
                  {{"Authorization", "Bearer " + poor}, {"x-tollgate-explain", "true"}});
    return answer.status == 429;
  }));
  EXPECT_THAT(story_of(explained(answer)),
              ElementsAre("openrouter/rekaai/reka-edge skipped budget budget_exceeded"));
}

TEST_F(Explanation, U36_TheMostUsefulErrorNamesThoseThatWereTried) {
  const auto answer = chat("three/500,words-45");
  EXPECT_EQ(answer.status, 429) << "a time to wait is worth more than any 5xx";
  EXPECT_FALSE(answer.header("retry-after").empty());
  const auto body = json(answer);
  EXPECT_EQ(body.at("error").at("code").as_string(), "upstream_busy");
  EXPECT_EQ(js::serialize(body.at("tollgate")),
            R"({"tried":["openrouter/mock/*","haimaker/mock/429-retry-after",)"
            R"("onprem/mock/reset-before-head"]})");
  EXPECT_TRUE(logged("onprem/mock/reset-before-head failed upstream_unavailable in first_byte"))
      << gateway().log();
}

TEST_F(Explanation, AFailedRequestIsExplainedInTheLog) {
  const auto answer = post("/v1/chat/completions",
                           R"({"model":"openrouter/503,words-46","messages":[{"role":"user",)"
                           R"("content":"the secret garden"}]})");
  EXPECT_EQ(answer.status, 502);
  EXPECT_EQ(answer.body.find("\"tollgate\""), std::string::npos) << "one target needs no list";
  const std::string id(answer.header("x-request-id"));
  const std::string begins = R"("msg":"targets of a failed request","request":")" + id + "\"";
  ASSERT_TRUE(logged(begins)) << gateway().log();
  const std::string log = gateway().log();
  const auto at = log.find(begins);
  const std::string line = log.substr(at, log.find('\n', at) - at);
  EXPECT_THAT(line, AllOf(HasSubstr("\"targets\":\"openrouter/mock/* failed upstream_unavailable"),
                          HasSubstr("total "), Not(HasSubstr("garden"))));
  EXPECT_THAT(log, AllOf(Not(HasSubstr(kKey)), Not(HasSubstr("sk-or-up"))));
}

TEST_F(Explanation, ItsHeaderIsTrueOrFalse) {
  const auto odd =
      post("/v1/chat/completions", chat_body("openrouter/ok"), {{"x-tollgate-explain", "please"}});
  EXPECT_EQ(odd.status, 400);
  EXPECT_THAT(odd.body, HasSubstr("The header x-tollgate-explain is 'true' or 'false'."));
}

}  // namespace
}  // namespace e2e

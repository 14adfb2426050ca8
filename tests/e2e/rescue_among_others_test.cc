// A rescue among all else that may happen to a request meanwhile: targets that refuse, rest, are
// asked again or with their next key, time that runs out, a client that chose them or wants to know
// of them.

#include <chrono>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "tests/e2e/rescue_fixture.h"
#include "tests/e2e/story.h"
#include "tests/support/wait_for.h"

namespace e2e {
namespace {

using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr std::string_view kRouter = "sk-tg-router";
constexpr std::string_view kUsage = R"(,"stream_options":{"include_usage":true})";

class RescueAmongOthers : public RescueFixture {
 protected:
  static void SetUpTestSuite() {
    std::string models;
    const auto add = [&](std::string_view name, std::string_view more,
                         const std::vector<std::string>& targets) {
      models += fmt::format("  - {{name: \"{}/*\"{}, targets: [{}]}}\n", name, more,
                            fmt::join(targets, ", "));
    };
    constexpr std::string_view kOnceMore = ", retries: {at_most: 1, base: 10ms}";
    const auto first = target("onprem", "mock/*");
    const auto last = target("reka", "mock/ok");
    const auto failing = [](std::string_view dialect, std::string_view fault,
                            std::string_view more = "") {
      return target(dialect, "mock/" + fresh(fault), more);
    };
    add("to-refusing", "", {first, failing("haimaker", "400"), last});
    add("to-refused", "", {first, failing("haimaker", "400")});
    add("to-overflown", "", {first, failing("haimaker", "400-context"), last});
    add("to-failing-twice", "",
        {first, failing("haimaker", "503"), failing("openrouter", "503"), last});
    add("to-unable", "",
        {first, target("haimaker", "mock/words-3", ", capabilities: {tools: false}"),
         target("openrouter", "mock/words-3", ", capabilities: {tools: false}"), last});
    add("to-keys", "", {first, target("spoilt", "mock/ok")});
    add("from-keys", "", {target("rich", "mock/*"), last});
    add("from-keys-alone", "", {target("rich", "mock/*")});
    add("to-unsteady", "", {first, failing("haimaker", "503-then-ok", kOnceMore)});
    add("behind-unsteady", "", {failing("haimaker", "503-then-ok", kOnceMore), first});
    add("behind-unsteady-anew", ", rescue: restart",
        {failing("haimaker", "503-then-ok", fmt::format("{}{}", kNoPrefill, kOnceMore)), first});
    add("behind-unable", "",
        {failing("haimaker", "503-retry-after", fmt::format("{}{}", kNoPrefill, kOnceMore)), first,
         target("openrouter", "mock/prefill-other")});
    add("to-slow", "", {first, failing("haimaker", "503-retry-after", kOnceMore)});
    add("deadline-to-stalled", ", deadline: 1s",
        {first, target("onprem", "mock/stall-after-3"), last});
    add("deadline-to-silent", ", deadline: 1s",
        {first, target("onprem", "mock/stall-after-head"), last});
    add("limited", "", {target("onprem", "mock/*", ", timeouts: {attempt: 1s}"), last});
    add("to-ignoring", "", {first, target("haimaker", "mock/prefill-ignore")});
    add("to-whole", "", {first, target("haimaker", "mock/json-though-stream")});
    add("three", "", {first, target("haimaker", "mock/ok"), last});
    add("off", ", rescue: off", {first, last});
    add("to-drained", "", {first, target("haimaker", "mock/slow-20ms", ", on_client_gone: drain")});
    add("to-dear", ", reserve_output_tokens: 10",
        {first,
         "{provider: haimaker, model: mock/words-200, price: {usd_per_million_input: 0, "
         "usd_per_million_output: 20000}}"});
    const auto resting = failing("haimaker", "503");
    add("to-resting", "", {first, resting, last});
    add("to-resting-alone", "", {first, resting});
    start_with(Additions{
        .sections = R"(
teams:
  - {name: careful-team, limits: {budgets: [{usd: 1, window: total}]}}
)",
        .keys = fmt::format("  - {{name: careful, team: careful-team, sha256: {}}}\n",
                            config::to_hex(config::sha256("sk-tg-careful"))) +
                R"(  # printf %s sk-tg-router | sha256sum
  - {name: router, allow_routing_override: true,
     sha256: 64e5aa4d762e420565cda0a000707e57483f38953b00f35f277e58a105dfcd02}
)",
        .providers =
            R"(  - {name: spoilt, kind: openrouter, base_url: "{base}/openrouter/api/v1", retries: {at_most: 0},
     api_keys: [sk-or-wrong-1, sk-or-wrong-2, sk-or-third]}
  - {name: rich, kind: haimaker, base_url: "{base}/haimaker/v1", retries: {at_most: 0},
     api_keys: [sk-first, sk-second]}
)",
        .models = models});
  }

  static Stream ask(std::string_view model, HeaderFields headers, std::string_view more = "") {
    return taken_apart(post("/v1/chat/completions",
                            chat_body(model, fmt::format(R"(,"stream":true{})", more)),
                            std::move(headers)));
  }
  static Stream explained(std::string_view model) {
    return ask(model, {{"x-tollgate-explain", "true"}});
  }
  // As the stream's comment tells, before its end.
  static std::vector<std::string> story(const Stream& stream) {
    const std::string_view body = stream.answer.body;
    EXPECT_LT(body.find(": tollgate "), body.find(stream.done ? "data: [DONE]" : "\"error\":"));
    return story_of(told_in(body));
  }
  static void expect_rescued(const Stream& stream, std::string_view by) {
    expect_sound(stream);
    EXPECT_EQ(stream.text(), kHello);
    EXPECT_EQ(stream.finish(), "stop");
    EXPECT_THAT(stream.answer.body, HasSubstr(fmt::format(": rescued by {}", by)));
  }
  static std::string code(const Stream& stream) {
    const auto error = stream.error();
    return error ? std::string(simulator::text_of(error->as_object(), "code")) : "none";
  }
  // A piece of an answer, and an error that the upstream's key is to blame for.
  static void break_off_busy(std::string_view dialect) {
    simulator::Script script;
    script.ending = simulator::Ending::close;
    script.send("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n");
    script.send(
        "data: {\"id\":\"up-1\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"m\","
        "\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"You said: "
        "hello\"},\"finish_reason\":null}]}\n\n");
    script.send("data: {\"error\":{\"code\":429,\"message\":\"slow down\"}}\n\n",
                std::chrono::milliseconds(200));
    simulator::Order order;
    order.dialect = dialect;
    order.script = std::make_shared<simulator::Script>(std::move(script));
    upstream().give(std::move(order));
  }
};

// The first had taken the very request: what is refused is how it is to be gone on with.
TEST_F(RescueAmongOthers, ATargetThatRefusesToGoOnIsFollowedByTheOneBehindIt) {
  for (const std::string_view route : {"to-refusing", "to-overflown"}) {
    SCOPED_TRACE(route);
    expect_rescued(stream(fmt::format("{}/{}", route, fresh("close-after-4"))), "reka/mock/ok");
    EXPECT_EQ(attempts(route, "truncated"), 1);
    EXPECT_EQ(attempts(route, "failed"), 1);
    EXPECT_EQ(attempts(route, "ok"), 1);
  }
}

TEST_F(RescueAmongOthers, WhatItIsRefusedWithIsNotTheClientsMistake) {
  const auto answer = stream("to-refused/" + fresh("close-after-4"));
  expect_broken(answer);
  EXPECT_EQ(code(answer), "upstream_unavailable");
}

TEST_F(RescueAmongOthers, OnlyThoseThatBeganToGoOnAreCounted) {
  expect_rescued(stream("to-failing-twice/" + fresh("close-after-4")), "reka/mock/ok");
  EXPECT_EQ(attempts("to-failing-twice", "failed"), 2);
}

TEST_F(RescueAmongOthers, ThoseThatAreNotEvenAskedAreNotCounted) {
  constexpr std::string_view kTools =
      R"(,"tools":[{"type":"function","function":{"name":"f","parameters":{"type":"object"}}}])";
  const auto before = asked();
  expect_rescued(stream("to-unable/" + fresh("no-tool,close-after-4"), kTools), "reka/mock/ok");
  EXPECT_EQ(asked(), before + 2);
}

TEST_F(RescueAmongOthers, TheNextOnesKeysAreTriedInTurn) {
  const auto before = asked();
  const auto answer = explained("to-keys/" + fresh("close-after-4"));
  expect_rescued(answer, "spoilt/mock/ok");
  EXPECT_EQ(asked(), before + 4);
  EXPECT_THAT(story(answer),
              ElementsAre("onprem/mock/* failed upstream_unavailable body",
                          "spoilt/mock/ok failed upstream_denied body",
                          "spoilt/mock/ok failed upstream_denied body", "spoilt/mock/ok answered"));
}

// The same target with its next key is as good as another one.
TEST_F(RescueAmongOthers, AKeyThatIsRefusedInTheMiddleIsFollowedByTheNext) {
  break_off_busy("haimaker");
  const auto answer = explained("from-keys/" + fresh("ok"));
  expect_rescued(answer, "rich/mock/");
  EXPECT_THAT(story(answer), ElementsAre("rich/mock/* failed upstream_busy body",
                                         "rich/mock/* answered", "reka/mock/ok not_needed"));
}

TEST_F(RescueAmongOthers, ButNotWhereThereIsNoOtherTarget) {
  break_off_busy("haimaker");
  expect_broken(stream("from-keys-alone/" + fresh("ok")));
}

TEST_F(RescueAmongOthers, OneThatFailsToGoOnIsAskedAgain) {
  const auto before = asked();
  expect_rescued(stream("to-unsteady/" + fresh("close-after-4"), kUsage), "haimaker/mock/503");
  EXPECT_EQ(asked(), before + 3);
}

TEST_F(RescueAmongOthers, OneThatFailedBeforeMayHaveRecovered) {
  for (const std::string_view route : {"behind-unsteady", "behind-unsteady-anew"}) {
    SCOPED_TRACE(route);
    const auto before = asked();
    expect_rescued(stream(fmt::format("{}/{}", route, fresh("close-after-4"))),
                   "haimaker/mock/503");
    EXPECT_EQ(asked(), before + 3);
  }
}

TEST_F(RescueAmongOthers, NobodyIsWaitedForWhoCouldNotGoOn) {
  const auto before = asked();
  const auto answer = explained("behind-unable/" + fresh("close-after-4"));
  expect_broken(answer);
  EXPECT_EQ(asked(), before + 3);
  EXPECT_THAT(answer.answer.body, testing::Not(HasSubstr("still here")));
  EXPECT_EQ(metric("tollgate_retries_total", {"503-retry-after"}), 0) << "nor paid for";
}

TEST_F(RescueAmongOthers, NorIsAnybodyAskedAgainForAClientThatLeft) {
  const auto before = asked();
  test::HttpClient client(gateway().client_port());
  client.send("POST", "/v1/chat/completions",
              chat_body("to-slow/" + fresh("close-after-3"), R"(,"stream":true)"),
              {{"Authorization", "Bearer " + std::string(kKey)}});
  EXPECT_EQ(client.read_head().status, 200);
  ASSERT_TRUE(test::wait_for(seconds(5), [] { return attempts("to-slow", "failed") == 1; }));
  client.close();
  EXPECT_TRUE(test::wait_for(seconds(5), [] {
    return metric("tollgate_requests_total",
                  {R"(model="to-slow/*")", R"(outcome="client_left")"}) == 1;
  }));
  EXPECT_EQ(asked(), before + 2);
  EXPECT_EQ(attempts("to-slow", "truncated"), 1);
}

TEST_F(RescueAmongOthers, TheDeadlineEndsOneThatGoesOn) {
  const auto before = asked();
  const auto answer = stream("deadline-to-stalled/" + fresh("close-after-4"));
  expect_broken(answer);
  EXPECT_EQ(code(answer), "upstream_timeout");
  EXPECT_TRUE(kHello.starts_with(answer.text())) << answer.text();
  EXPECT_EQ(asked(), before + 2);
  EXPECT_EQ(attempts("deadline-to-stalled", "truncated"), 2);
}

TEST_F(RescueAmongOthers, TheDeadlineEndsOneThatDoesNotBegin) {
  const auto before = asked();
  const auto answer = stream("deadline-to-silent/" + fresh("close-after-4"));
  expect_broken(answer);
  EXPECT_EQ(code(answer), "upstream_unavailable");
  EXPECT_EQ(asked(), before + 2);
  EXPECT_EQ(attempts("deadline-to-silent", "truncated"), 1);
  EXPECT_EQ(attempts("deadline-to-silent", "failed"), 1);
}

TEST_F(RescueAmongOthers, NobodyGoesOnBehindTheDeadline) {
  const auto before = asked();
  const auto answer = stream("deadline-to-silent/" + fresh("stall-after-4"));
  expect_broken(answer);
  EXPECT_EQ(code(answer), "upstream_timeout");
  EXPECT_EQ(asked(), before + 1);
}

TEST_F(RescueAmongOthers, AnAttemptWhoseOwnTimeIsOverIsGoneOnWith) {
  expect_rescued(stream("limited/" + fresh("stall-after-4")), "reka/mock/ok");
}

TEST_F(RescueAmongOthers, BothLegsAreExplainedBeforeTheEnd) {
  for (const std::string_view by : {"three", "to-whole"}) {
    const auto answer = explained(fmt::format("{}/{}", by, fresh("close-after-4")));
    expect_rescued(answer, "haimaker/mock/");
    const auto told = story(answer);
    ASSERT_GE(told.size(), 2U);
    EXPECT_EQ(told[0], "onprem/mock/* failed upstream_unavailable body");
    EXPECT_THAT(told[1], testing::AllOf(HasSubstr("haimaker/mock/"), HasSubstr(" answered")));
  }
  EXPECT_THAT(story(explained("to-ignoring/" + fresh("close-after-4"))),
              ElementsAre("onprem/mock/* failed upstream_unavailable body",
                          "haimaker/mock/prefill-ignore failed upstream_garbled first_content"));
}

TEST_F(RescueAmongOthers, WhyNobodyElseWasAskedIsExplained) {
  EXPECT_THAT(story(explained("off/" + fresh("close-after-4"))),
              ElementsAre("onprem/mock/* failed upstream_unavailable body",
                          "reka/mock/ok skipped content_shown"));
  EXPECT_THAT(story(explained("deadline-to-silent/" + fresh("stall-after-4"))),
              ElementsAre("onprem/mock/* failed upstream_timeout body",
                          "onprem/mock/stall-after-head skipped deadline",
                          "reka/mock/ok skipped deadline"));
}

TEST_F(RescueAmongOthers, ABudgetThatIsUsedUpEndsItInOrder) {
  const auto answer = ask("to-dear/" + fresh("words-200,close-after-4"),
                          {{"Authorization", "Bearer sk-tg-careful"}}, kUsage);
  expect_sound(answer);
  EXPECT_EQ(answer.finish(), "length");
  EXPECT_THAT(answer.text(), testing::StartsWith("word1 word2 word3 word4 word5 "));
  EXPECT_LT(answer.text().size(), std::string_view("word100 ").size() * 100);
  EXPECT_EQ(attempts("to-dear", "truncated"), 1);
  EXPECT_EQ(attempts("to-dear", "stopped"), 1);
  EXPECT_EQ(metric("tollgate_budget_held_usd", {R"(name="careful-team")"}), 0);
  const auto usage = answer.usage();
  EXPECT_TRUE(usage);
  if (usage) EXPECT_LE(usage->at("cost").to_number<double>(), 1);
}

TEST_F(RescueAmongOthers, AClientThatLeavesTheSecondLegIsFollowedAsThatTargetSays) {
  const auto before = asked();
  test::HttpClient client(gateway().client_port());
  client.send("POST", "/v1/chat/completions",
              chat_body("to-drained/" + fresh("close-after-3"), R"(,"stream":true)"),
              {{"Authorization", "Bearer " + std::string(kKey)}});
  EXPECT_EQ(client.read_head().status, 200);
  std::string heard;
  while (heard.find("rescued by") == std::string::npos) {
    const auto event = client.read_event();
    if (!event) FAIL() << heard;
    heard += *event;
  }
  client.reset();
  EXPECT_TRUE(
      test::wait_for(seconds(10), [] { return attempts("to-drained", "client_left") == 1; }));
  EXPECT_EQ(attempts("to-drained", "truncated"), 1);
  EXPECT_GT(metric("tollgate_tokens_total", {R"(kind="completion")", R"(model="to-drained/*")",
                                             R"(provider="haimaker")", R"(source="reported")"}),
            0);
  EXPECT_EQ(asked(), before + 2);
}

TEST_F(RescueAmongOthers, OnlyThoseThatTheRequestNamesGoOn) {
  const auto named = [](std::string_view targets, std::string_view model) {
    return ask(model, {{"Authorization", fmt::format("Bearer {}", kRouter)},
                       {"x-tollgate-target", std::string(targets)}});
  };
  expect_rescued(named("onprem/mock/*, reka/mock/ok", "three/" + fresh("close-after-4")),
                 "reka/mock/ok");
  const auto before = asked();
  expect_broken(named("onprem/mock/*", "three/" + fresh("close-after-4")));
  EXPECT_EQ(asked(), before + 1);
}

TEST_F(RescueAmongOthers, OneThatRestsIsPassedOver) {
  for (int i = 0; i < 5; ++i) {
    expect_rescued(stream("to-resting/" + fresh("close-after-4")), "reka/mock/ok");
  }
  const auto before = asked();
  expect_rescued(stream("to-resting/" + fresh("close-after-4")), "reka/mock/ok");
  EXPECT_EQ(asked(), before + 2);
  const auto answer = explained("to-resting-alone/" + fresh("close-after-4"));
  expect_broken(answer);
  EXPECT_EQ(asked(), before + 3);
  const auto told = story(answer);
  ASSERT_EQ(told.size(), 2U);
  EXPECT_THAT(told[1], HasSubstr(" skipped circuit_open upstream_unavailable"));
}

}  // namespace
}  // namespace e2e

// The same target asked again by the request that it failed: where that can help, after a wait,
// and no more often than its budget allows.

#include <algorithm>
#include <chrono>
#include <ctime>
#include <string>

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <gmock/gmock.h>

#include "tests/e2e/gateway_fixture.h"
#include "tests/support/raw_client.h"
#include "tests/support/wait_for.h"

namespace e2e {
namespace {

using std::chrono::seconds;
using testing::HasSubstr;
using testing::StartsWith;

// Models, all of which reach "mock/X": "again/X" alone, "patient/X" alone and with waits of up to
// three seconds, "pair/X" with another behind it, "both/X" with the same behind it, and breakers
// that never open, "first/X" asked again before the other.
class Retries : public Gateway {
 protected:
  static void SetUpTestSuite() {
    start_with(Additions{.server = ", sign_of_life: 100ms", .models = R"(
  - {name: "again/*", targets: [{provider: onprem, model: "mock/*", price: &free
      {usd_per_million_input: 0, usd_per_million_output: 0}, retries: &once {at_most: 1, base: 20ms}}]}
  - {name: "patient/*", targets: [{provider: onprem, model: "mock/*", price: *free,
      retries: {at_most: 1, base: 20ms, cap: 3s}}]}
  - {name: "pair/*", targets: [{provider: openrouter, model: "mock/*", price: *free, retries: *once},
      {provider: haimaker, model: mock/ok, price: *free, retries: *once}]}
  - {name: "first/*", targets: [{provider: onprem, model: "mock/*", price: *free,
      retries: {at_most: 1, base: 20ms, before_next: true}},
      {provider: haimaker, model: mock/ok, price: *free}]}
  - {name: "both/*", targets: [{provider: openrouter, model: "mock/*", price: *free,
      breaker: &never {failures_in_a_row: 0, failure_share: 0},
      retries: &strict {at_most: 1, base: 0ms, floor: 0}},
      {provider: haimaker, model: "mock/*", price: *free, breaker: *never, retries: *strict}]}
  - {name: "opens/*", targets: [{provider: onprem, model: "mock/*", price: *free, retries: *once,
      breaker: {failures_in_a_row: 1, open_for: 60s}}]}
  - {name: "twice/*", targets: [{provider: reka, model: "mock/*", price: *free, retries: *once},
      {provider: onprem, model: "mock/401", price: *free, retries: *once}]}
)"});
  }

  static std::uint64_t asked() { return upstream().log.totals().requests; }
  // Of one series; 0: it is not there.
  static std::uint64_t metric(const std::string& series) {
    const auto text = test::HttpClient(gateway().admin_port()).get("/metrics").body;
    const auto at = text.find('\n' + series + ' ');
    return at == std::string::npos ? 0 : std::stoull(text.substr(at + series.size() + 2));
  }
  // A name of its own in each test, since breakers and budgets outlive them.
  static std::string model(std::string_view route, std::string_view faults) {
    static int number = 20;
    return fmt::format("{}/{},words-{}", route, faults, ++number);
  }
  // The next request to onprem is answered so.
  static void answer_next(std::string_view status, std::string_view fields,
                          std::string_view body = "{}") {
    simulator::Script script;
    script.send(
        fmt::format("HTTP/1.1 {}\r\n{}Content-Type: application/json\r\n"
                    "Content-Length: {}\r\n\r\n{}",
                    status, fields, body.size(), body));
    simulator::Order order;
    order.dialect = "onprem";
    order.script = std::make_shared<simulator::Script>(std::move(script));
    upstream().give(std::move(order));
  }
};

TEST_F(Retries, U33_ATargetAloneIsAskedAgainWhereThatCanHelp) {
  for (const std::string fault : {"408", "429", "500", "503", "529", "html-503", "empty-500",
                                  "reset-before-head", "close-before-head", "error-200"}) {
    const auto before = asked();
    const auto answer = chat(model("again", fault + "-then-ok"));
    EXPECT_EQ(answer.status, 200) << fault << " " << answer.body;
    EXPECT_EQ(asked(), before + 2) << fault;
  }
}

TEST_F(Retries, U50_ABrokenStreamIsAskedForAgainBeforeItsContent) {
  for (const std::string fault : {"503", "error-first-event"}) {
    const auto answer = stream(model("again", fault + "-then-ok"));
    SCOPED_TRACE(fault);
    expect_sound(answer);
  }
}

TEST_F(Retries, WhatMayHaveBeenDoneOrCannotSucceedIsNotAskedForAgain) {
  for (const std::string fault : {"400", "401", "402", "403", "404", "413", "422", "504", "garbage",
                                  "empty-200", "half-body"}) {
    const auto before = asked();
    EXPECT_NE(chat(model("again", fault == "half-body" ? "cl-long" : fault)).status, 200) << fault;
    EXPECT_EQ(asked(), before + 1) << fault;
  }
}

TEST_F(Retries, AreNoMoreThanTheSettingsSay) {
  const auto before = asked();
  EXPECT_EQ(chat(model("again", "503")).status, 502);
  EXPECT_EQ(asked(), before + 2);
}

TEST_F(Retries, WhoseBreakerOpensIsNotWaitedFor) {
  const std::string series = "tollgate_retries_total{target=\"onprem/mock/*\"}";
  const auto before = asked();
  const auto counted = metric(series);
  EXPECT_EQ(chat(model("opens", "503")).status, 502);
  EXPECT_EQ(asked(), before + 1);
  EXPECT_EQ(metric(series), counted);
}

TEST_F(Retries, EachIsAnAttemptOfItsOwn) {
  const std::string series = "tollgate_retries_total{target=\"onprem/mock/*\"}";
  const auto counted = metric(series);
  const auto answer = chat(model("again", "503-then-ok"));
  ASSERT_EQ(answer.status, 200);
  const std::string begins =
      fmt::format(R"("msg":"request","request":"{}")", answer.header("x-request-id"));
  EXPECT_TRUE(test::wait_for(seconds(5),
                             [&] { return gateway().log().find(begins) != std::string::npos; }));
  const std::string log = gateway().log();
  const auto line = log.substr(std::min(log.find(begins), log.size()));
  EXPECT_THAT(line.substr(0, line.find('\n')), HasSubstr("\"attempts\":2"));
  EXPECT_EQ(metric(series), counted + 1);
}

TEST_F(Retries, AnotherTargetIsAskedBeforeTheSameOneAgain) {
  const auto before = asked();
  const auto answer = chat(model("pair", "503-then-ok"));
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.header("x-tollgate-provider"), "haimaker");
  EXPECT_EQ(asked(), before + 2);
}

TEST_F(Retries, U32_WithAnotherTargetNobodyWaitsForARateLimit) {
  const auto answer = chat(model("pair", "429-retry-after"));
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.header("x-tollgate-provider"), "haimaker");
}

TEST_F(Retries, WhereTheOperatorSaysSoTheSameOneComesFirst) {
  const auto before = asked();
  const auto answer = chat(model("first", "503-then-ok"));
  EXPECT_EQ(answer.header("x-tollgate-provider"), "onprem");
  EXPECT_EQ(asked(), before + 2);
  EXPECT_EQ(chat(model("first", "503")).header("x-tollgate-provider"), "haimaker");
}

TEST_F(Retries, TheOneThatMayRecoverIsAskedAgainWhenTheLastCannot) {
  const auto before = asked();
  const auto answer = chat(model("twice", "503-then-ok"));
  EXPECT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(answer.header("x-tollgate-provider"), "reka");
  EXPECT_EQ(asked(), before + 3);
}

TEST_F(Retries, U32_AShortWaitIsWaitedHoweverItIsSpelled) {
  const auto soon = std::chrono::system_clock::now() + seconds(2);
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(soon.time_since_epoch());
  const std::string date = fmt::format("{:%a, %d %b %Y %H:%M:%S} GMT",
                                       fmt::gmtime(std::chrono::system_clock::to_time_t(soon)));
  const std::string epoch = std::to_string(ms.count());
  const std::pair<std::string, std::string> answers[] = {
      {"retry-after-ms: 30\r\n", "{}"},
      {"Retry-After: 1\r\n", "{}"},
      {"Retry-After: " + date + "\r\n", "{}"},
      {"x-ratelimit-reset: 30ms\r\n", "{}"},
      {"X-RateLimit-Reset: " + epoch + "\r\n", "{}"},
      {"x-ratelimit-reset-requests: 0.03s\r\n", "{}"},
      {"x-ratelimit-reset-tokens: 30ms\r\n", "{}"},
      {"Retry-After: soon, I promise\r\n", "{}"},
      {"Retry-After: 0\r\n", "{}"},
      {"", "{}"},
      {"",
       R"({"error":{"message":"x","availability":{"code":"capacity_exhausted","retry_after":1}}})"},
      {"", R"({"error":{"message":"x","metadata":{"headers":{"X-RateLimit-Reset":")" + epoch +
               R"("}}}})"},
      {"", R"({"error":{"message":"x","metadata":{"availability":{"retry_after":1}}}})"},
  };
  for (const auto& [fields, body] : answers) {
    SCOPED_TRACE(fields + body);
    const auto before = asked();
    answer_next("429 Too Many Requests", fields, body);
    EXPECT_EQ(chat(model("patient", "ok")).status, 200);
    EXPECT_EQ(asked(), before + 2);
  }
}

TEST_F(Retries, U32_ALongOneIsToldInstead) {
  const std::pair<std::string, std::string> answers[] = {
      {"Retry-After: 86400\r\n", "{}"},
      {"Retry-After: 4\r\n", "{}"},
      {"retry-after-ms: 3001\r\n", "{}"},
      {"Retry-After: Wed, 21 Oct 2099 07:28:00 GMT\r\n", "{}"},
      {"x-ratelimit-reset-requests: 1m30s\r\n", "{}"},
      {"",
       R"({"error":{"message":"x","availability":{"code":"capacity_exhausted","retry_after":5}}})"},
      {"", R"({"error":{"message":"x","metadata":{"availability":{"retry_after":5}}}})"},
  };
  for (const auto& [fields, body] : answers) {
    SCOPED_TRACE(fields + body);
    const auto before = asked();
    answer_next("429 Too Many Requests", fields, body);
    const auto answer = chat(model("patient", "ok"));
    EXPECT_EQ(answer.status, 429);
    EXPECT_NE(answer.header("retry-after"), "");
    EXPECT_EQ(asked(), before + 1);
  }
}

TEST_F(Retries, TheClientOfAStreamHearsSomethingWhileItWaits) {
  answer_next("503 Service Unavailable", "retry-after-ms: 400\r\n");
  const auto answer = stream(model("patient", "ok"));
  EXPECT_THAT(answer.answer.body, StartsWith(": still here\n\n"));
  expect_sound(answer);
}

TEST_F(Retries, U60_NobodyIsAskedAgainForAClientThatLeft) {
  const std::string failed =
      "tollgate_attempts_total{provider=\"onprem\",model=\"patient/*\",outcome=\"failed\","
      "error=\"upstream_unavailable\"}";
  const auto left = [] {
    return metric(
        "tollgate_requests_total{model=\"patient/*\",team=\"tests\",provider=\"onprem\","
        "outcome=\"client_left\"}");
  };
  const auto before = asked();
  const auto failed_before = metric(failed);
  const std::string body = chat_body(model("patient", "503-retry-after"));
  test::RawClient client(gateway().client_port());
  ASSERT_TRUE(client.send(fmt::format(
      "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {}\r\n"
      "Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{}",
      kKey, body.size(), body)));
  // The attempt has ended, and two seconds are to be waited.
  ASSERT_TRUE(test::wait_for(seconds(10), [&] { return metric(failed) == failed_before + 1; }));
  client.reset();
  EXPECT_TRUE(test::wait_for(seconds(10), [&] { return left() == 1; }));
  EXPECT_EQ(asked(), before + 1);
}

TEST_F(Retries, U37_OneThatFlapsIsNotNoticed) {
  constexpr int kRequests = 1'000;
  const std::string flapping = model("pair", "flap-503");
  test::HttpClient client(gateway().client_port());
  const HeaderFields key{{"Authorization", "Bearer " + std::string(kKey)}};
  const auto ok = [] {
    std::uint64_t sum = 0;
    for (const std::string_view provider : {"openrouter", "haimaker"}) {
      sum += metric(
          fmt::format("tollgate_requests_total{{model=\"pair/*\",team=\"tests\",provider=\"{}\","
                      "outcome=\"ok\"}}",
                      provider));
    }
    return sum;
  };
  const auto before = ok();
  int answered = 0;
  for (int i = 0; i < kRequests; ++i) {
    answered += client.post("/v1/chat/completions", chat_body(flapping), key).status == 200 ? 1 : 0;
  }
  EXPECT_EQ(answered, kRequests);
  EXPECT_TRUE(test::wait_for(seconds(5), [&] { return ok() == before + kRequests; })) << ok();
}

TEST_F(Retries, O15_TwoThatAreDownAreAskedAgainForOneRequestInFive) {
  constexpr std::uint64_t kRequests = 300;
  const std::string down = model("both", "503");
  const auto before = asked();
  const auto counted = metric("tollgate_retries_total{target=\"openrouter/mock/*\"}");
  test::HttpClient client(gateway().client_port());
  const HeaderFields key{{"Authorization", "Bearer " + std::string(kKey)}};
  for (std::uint64_t i = 0; i < kRequests; ++i) {
    EXPECT_EQ(client.post("/v1/chat/completions", chat_body(down), key).status, 502U);
  }
  const auto repeated = asked() - before - 2 * kRequests;
  EXPECT_LE(repeated, kRequests / 5);
  EXPECT_GE(repeated, kRequests / 10) << "each window counts from its first failure on";
  EXPECT_EQ(metric("tollgate_retries_total{target=\"openrouter/mock/*\"}") - counted, repeated);
  EXPECT_GE(metric("tollgate_retries_refused_total{target=\"openrouter/mock/*\"}"),
            kRequests - repeated);
}

}  // namespace
}  // namespace e2e

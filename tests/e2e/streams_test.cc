// The SSE cases that need a whole gateway: what its clients see of odd streams.

#include "tests/e2e/gateway_fixture.h"
#include "tests/support/upstream_simulator/base64.h"

namespace e2e {
namespace {

constexpr std::string_view kDialects[] = {"openrouter", "haimaker", "reka", "onprem"};

class Streams : public Gateway {
 protected:
  static Stream from(std::string_view dialect, std::string_view fault, std::string_view more = "") {
    return stream(std::string(dialect) + "/" + std::string(fault), more);
  }
};

TEST_F(Streams, E09_AMissingDoneIsAdded) {
  for (const auto dialect : kDialects) {
    const auto answer = from(dialect, "cut-no-done");
    SCOPED_TRACE(dialect);
    expect_sound(answer);
    EXPECT_EQ(answer.finish(), "stop");
  }
}

TEST_F(Streams, E10_AnEndWithoutFinishIsAnErrorAndNoDone) {
  for (const auto dialect : kDialects) {
    const auto answer = from(dialect, "end-after-2,slow-20ms");
    SCOPED_TRACE(dialect);
    EXPECT_EQ(answer.text(), "You said:");
    EXPECT_TRUE(answer.error());
    EXPECT_FALSE(answer.done);
  }
}

TEST_F(Streams, E11_NothingAfterDoneCountsOrIsRelayed) {
  for (const auto dialect : kDialects) {
    for (const std::string_view fault : {"done-twice", "data-after-done", "usage-after-done"}) {
      SCOPED_TRACE(std::string(dialect) + "/" + std::string(fault));
      const auto answer = from(dialect, fault, R"(,"stream_options":{"include_usage":true})");
      expect_sound(answer);
      EXPECT_EQ(answer.text(), kHello);
      if (answer.usage()) EXPECT_EQ(answer.usage()->at("completion_tokens").as_int64(), 8);
    }
  }
}

TEST_F(Streams, U51_E13_AnErrorAsTheFirstEventIsAStatus) {
  for (const auto dialect : kDialects) {
    const auto answer = chat(std::string(dialect) + "/error-first-event", R"(,"stream":true)");
    EXPECT_GE(answer.status, 500) << dialect << answer.body;
    EXPECT_TRUE(json(answer).at("error").is_object());
  }
}

TEST_F(Streams, E15_OneEventThatIsNoJsonIsSkippedASecondEndsTheStream) {
  for (const auto dialect : kDialects) {
    SCOPED_TRACE(dialect);
    const auto one = from(dialect, "bad-json-event");
    expect_sound(one);
    EXPECT_EQ(one.text(), kHello);
    const auto many = from(dialect, "bad-json-events,slow-20ms");
    EXPECT_TRUE(many.error()) << many.answer.body;
    EXPECT_FALSE(many.done);
  }
}

TEST_F(Streams, E16_InvalidUtf8NeverReachesTheClient) {
  for (const auto dialect : kDialects) {
    const auto answer = chat(std::string(dialect) + "/bad-utf8-event", R"(,"stream":true)");
    EXPECT_TRUE(simulator::is_utf8(answer.body)) << dialect;
    const auto whole = chat(std::string(dialect) + "/bad-utf8");
    EXPECT_TRUE(simulator::is_utf8(whole.body)) << dialect;
  }
}

TEST_F(Streams, E18_CommentsWithoutEndAreNoContent) {
  const auto answer = chat("impatient/comments-only", R"(,"stream":true)");
  EXPECT_EQ(answer.status, 504) << answer.body;
}

TEST_F(Streams, E21_UsageIsAskedForUpstreamAndKeptFromTheClient) {
  const auto answer = from("haimaker", "ok");
  expect_sound(answer);
  EXPECT_FALSE(answer.usage());
  const auto sent = simulator::parse_json(last_upstream().request.body);
  EXPECT_TRUE(sent->at("stream_options").at("include_usage").as_bool());
}

TEST_F(Streams, E24_TheFirstContentIsNotHeldForTheRest) {
  for (const auto dialect : kDialects) {
    test::HttpClient client(gateway().client_port());
    client.send("POST", "/v1/chat/completions",
                chat_body(std::string(dialect) + "/slow-300ms", R"(,"stream":true)"),
                {{"Authorization", "Bearer " + std::string(kKey)}});
    EXPECT_EQ(client.read_head().status, 200);
    std::optional<std::string> event;
    do {
      event = client.read_event();
    } while (event && event->find("You") == std::string::npos);
    ASSERT_TRUE(event) << dialect;
    EXPECT_EQ(last_upstream().ended, simulator::Ended::not_yet) << dialect;
    client.close();
  }
}

TEST_F(Streams, E25_AStreamThatSaysNothingIsAFailure) {
  for (const auto dialect : kDialects) {
    for (const std::string_view fault : {"empty-stream", "comments-once", "newlines-only"}) {
      const auto answer =
          chat(std::string(dialect) + "/" + std::string(fault), R"(,"stream":true)");
      EXPECT_EQ(answer.status, 502) << dialect << "/" << fault << " " << answer.body;
    }
  }
}

TEST_F(Streams, U61_AClientThatLeavesIsFollowedUpstream) {
  test::HttpClient client(gateway().client_port());
  client.send("POST", "/v1/chat/completions",
              chat_body("onprem/stall-after-1", R"(,"stream":true)"),
              {{"Authorization", "Bearer " + std::string(kKey)}});
  EXPECT_EQ(client.read_head().status, 200);
  const auto number = last_upstream().number;
  client.close();
  const auto left = [number](const std::deque<simulator::LogEntry>& entries) {
    for (const auto& entry : entries)
      if (entry.number == number) return entry.ended == simulator::Ended::client_left;
    return false;
  };
  EXPECT_TRUE(
      upstream().log.wait(left, std::chrono::steady_clock::now() + std::chrono::seconds(10)));
}

}  // namespace
}  // namespace e2e

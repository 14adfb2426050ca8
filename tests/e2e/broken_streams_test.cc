// Streams that break after content has flowed, and clients that leave: what the client sees, what
// the upstream sees, and which attempts are recorded.

#include <chrono>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "tests/e2e/gateway_fixture.h"
#include "tests/support/raw_client.h"
#include "tests/support/wait_for.h"

namespace e2e {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::HasSubstr;
using testing::Not;

constexpr std::string_view kDialects[] = {"openrouter", "haimaker", "reka", "native", "onprem"};
// The break comes after a pause, so that what was said before it has been relayed.
constexpr std::string_view kPace = ",slow-20ms";

// The sum of a family's series that hold all of these labels, as they are spelled.
double sum_of(const std::string& metrics, std::string_view family,
              const std::vector<std::string>& labels) {
  double sum = 0;
  for (std::size_t at = 0; at < metrics.size();) {
    const auto end = std::min(metrics.find('\n', at), metrics.size());
    const std::string line = metrics.substr(at, end - at);
    at = end + 1;
    bool counts = line.starts_with(std::string(family) + "{");
    for (const auto& label : labels) counts = counts && line.find(label) != std::string::npos;
    if (counts) sum += std::stod(line.substr(line.rfind(' ')));
  }
  return sum;
}

class BrokenStreams : public Gateway {
 protected:
  static void SetUpTestSuite() {
    start_with(Additions{.server = "", .sections = "", .keys = "", .models = R"(
  - {name: "drained/*", targets: [{provider: onprem, model: "mock/*", on_client_gone: drain,
     price: {usd_per_million_input: 1, usd_per_million_output: 1}}]}
)"});
  }

  static std::string metrics() {
    return test::HttpClient(gateway().admin_port()).get("/metrics").body;
  }
  // Attempts so far that ended so, of a route where one is named.
  static double attempts(std::string_view outcome, std::string_view model = "") {
    std::vector<std::string> labels{fmt::format(R"(outcome="{}")", outcome)};
    if (!model.empty()) labels.push_back(fmt::format(R"(model="{}")", model));
    return sum_of(metrics(), "tollgate_attempts_total", labels);
  }
  static double completion_tokens(std::string_view model, std::string_view source) {
    return sum_of(metrics(), "tollgate_tokens_total",
                  {R"(kind="completion")", fmt::format(R"(model="{}")", model),
                   fmt::format(R"(source="{}")", source)});
  }
  // The client is told of the failure once, and never that all is well.
  static void expect_broken(const Stream& stream) {
    EXPECT_EQ(stream.answer.status, 200);
    EXPECT_FALSE(stream.done) << stream.answer.body;
    EXPECT_EQ(stream.finish(), "");
    ASSERT_TRUE(stream.error()) << stream.answer.body;
    EXPECT_FALSE(stream.error()->at("message").as_string().empty());
  }
  static HeaderFields with_key() { return {{"Authorization", "Bearer " + std::string(kKey)}}; }
  // Once a request is there, its number in the upstream's log.
  static std::uint64_t next_upstream(std::uint64_t after) {
    std::uint64_t number = 0;
    const auto there = [&](const std::deque<simulator::LogEntry>& entries) {
      if (!entries.empty()) number = entries.back().number;
      return number > after;
    };
    EXPECT_TRUE(upstream().log.wait(there, std::chrono::steady_clock::now() + seconds(10)));
    return number;
  }
  static bool upstream_was_left(std::uint64_t number) {
    const auto left = [number](const std::deque<simulator::LogEntry>& entries) {
      for (const auto& entry : entries)
        if (entry.number == number) return entry.ended == simulator::Ended::client_left;
      return false;
    };
    return upstream().log.wait(left, std::chrono::steady_clock::now() + seconds(10));
  }
  static std::uint64_t newest() {
    const auto entries = upstream().log.entries();
    return entries.empty() ? 0 : entries.back().number;
  }
  // Of the request to onprem that came behind `before`, whose client leaves now.
  template <class Leave>
  static void expect_one_record_of_leaving(std::uint64_t before, const Leave& leave) {
    const auto left = attempts("client_left", "onprem/*");
    const auto number = next_upstream(before);
    const auto leaves = std::chrono::steady_clock::now();
    leave();
    EXPECT_TRUE(upstream_was_left(number));
    const auto took = std::chrono::steady_clock::now() - leaves;
    fmt::print("upstream closed {} us after its client left\n",
               std::chrono::duration_cast<std::chrono::microseconds>(took).count());
    EXPECT_TRUE(test::wait_for(seconds(5),
                               [&] { return attempts("client_left", "onprem/*") == left + 1; }));
  }
};

TEST_F(BrokenStreams, U51_AnErrorAsTheFirstEventIsAnsweredByTheNextOrIsAStatus) {
  const auto failed = attempts("failed");
  const auto rescued = stream("failover/error-first-event");
  expect_sound(rescued);
  EXPECT_EQ(rescued.text(), kHello);
  EXPECT_EQ(attempts("failed"), failed + 1);
  EXPECT_GE(chat("onprem/error-first-event", R"(,"stream":true)").status, 500);
}

TEST_F(BrokenStreams, U52_AResetOrACutAfterContentIsRecordedAsTruncatedWithWhatWasDelivered) {
  for (const auto dialect : kDialects) {
    for (const std::string_view fault : {"reset-after-2", "close-after-2", "end-no-finish"}) {
      SCOPED_TRACE(fmt::format("{}/{}", dialect, fault));
      const std::string route = fmt::format("{}/*", dialect);
      const auto truncated = attempts("truncated", route);
      const auto ok = attempts("ok", route);
      const auto tokens =
          completion_tokens(route, "estimated") + completion_tokens(route, "reported");
      expect_broken(stream(fmt::format("{}/{}{}", dialect, fault, kPace)));
      EXPECT_EQ(attempts("truncated", route), truncated + 1);
      EXPECT_EQ(attempts("ok", route), ok);
      EXPECT_GT(completion_tokens(route, "estimated") + completion_tokens(route, "reported"),
                tokens);
    }
  }
}

TEST_F(BrokenStreams, U52_AFinishWithoutDoneWhereTheConnectionBreaksIsNoSuccess) {
  // All eight pieces and then a reset in place of the finish.
  const auto answer = stream("onprem/reset-after-8,slow-20ms");
  EXPECT_EQ(answer.text(), kHello);
  expect_broken(answer);
}

TEST_F(BrokenStreams, U53_SilenceAfterContentIsAnErrorEventAtTheIdleLimit) {
  const auto truncated = attempts("truncated", "impatient/*");
  const auto answer = stream("impatient/stall-after-2");
  EXPECT_EQ(answer.text(), "You said:");
  expect_broken(answer);
  EXPECT_EQ(answer.error()->at("code").as_string(), "upstream_timeout");
  EXPECT_EQ(attempts("truncated", "impatient/*"), truncated + 1);
}

TEST_F(BrokenStreams, U54_AnErrorEventAfterContentIsRecordedAsTruncated) {
  for (const auto dialect : kDialects) {
    SCOPED_TRACE(dialect);
    const std::string route = fmt::format("{}/*", dialect);
    const auto truncated = attempts("truncated", route);
    expect_broken(stream(fmt::format("{}/error-mid-stream{}", dialect, kPace)));
    EXPECT_EQ(attempts("truncated", route), truncated + 1);
  }
}

TEST_F(BrokenStreams, U55_AStreamWithoutUsageIsEstimatedFromItsText) {
  for (const auto dialect : kDialects) {
    SCOPED_TRACE(dialect);
    const std::string route = fmt::format("{}/*", dialect);
    const auto estimated = completion_tokens(route, "estimated");
    const auto answer = stream(fmt::format("{}/usage-none", dialect));
    expect_sound(answer);
    EXPECT_GT(completion_tokens(route, "estimated"), estimated);
  }
}

TEST_F(BrokenStreams, U56_AStreamThatEndsWithItsConnectionIsWhole) {
  for (const auto dialect : kDialects) {
    for (const std::string_view fault : {"http10", "eof-delimited"}) {
      SCOPED_TRACE(fmt::format("{}/{}", dialect, fault));
      const std::string route = fmt::format("{}/*", dialect);
      const auto ok = attempts("ok", route);
      const auto answer = stream(fmt::format("{}/{}", dialect, fault));
      expect_sound(answer);
      EXPECT_EQ(answer.finish(), "stop");
      EXPECT_EQ(attempts("ok", route), ok + 1);
    }
  }
}

TEST_F(BrokenStreams, U57_EventsThatComeByteByByteReachTheClientWhole) {
  test::HttpClient client(gateway().client_port());
  client.send("POST", "/v1/chat/completions",
              chat_body("native/words-1,dribble", R"(,"stream":true)"), with_key());
  EXPECT_EQ(client.read_head().status, 200);
  std::vector<std::string> events;
  while (auto event = client.read_event()) events.push_back(std::move(*event));
  for (const auto& event : events) {
    if (event == "data: [DONE]" || event.starts_with(':')) continue;
    ASSERT_TRUE(event.starts_with("data: ")) << event;
    EXPECT_TRUE(simulator::parse_json(std::string_view(event).substr(6))) << event;
  }
  EXPECT_EQ(events.back(), "data: [DONE]");
}

TEST_F(BrokenStreams, U60_AClientThatLeavesBeforeTheAnswerLeavesOneRecordAndNoWaitingUpstream) {
  for (const std::string_view more : {R"(,"stream":true)", ""}) {
    const auto before = newest();
    test::HttpClient client(gateway().client_port());
    client.send("POST", "/v1/chat/completions", chat_body("onprem/stall-before-head", more),
                with_key());
    expect_one_record_of_leaving(before, [&] { client.close(); });
  }
}

TEST_F(BrokenStreams, U61_AClientThatLeavesInTheMiddleLeavesOneRecordWithWhatItHad) {
  for (const bool reset : {false, true}) {
    SCOPED_TRACE(reset ? "RST" : "FIN");
    const auto estimated = completion_tokens("onprem/*", "estimated");
    const auto before = newest();
    test::HttpClient client(gateway().client_port());
    client.send("POST", "/v1/chat/completions",
                chat_body("onprem/stall-after-2", R"(,"stream":true)"), with_key());
    EXPECT_EQ(client.read_head().status, 200);
    std::string heard;
    while (heard.find("said:") == std::string::npos) {
      const auto event = client.read_event();
      ASSERT_TRUE(event);
      heard += *event;
    }
    expect_one_record_of_leaving(before, [&] { reset ? client.reset() : client.close(); });
    EXPECT_GT(completion_tokens("onprem/*", "estimated"), estimated);
  }
}

TEST_F(BrokenStreams, U62_AClientThatClosesRightAfterDoneHasNotLeft) {
  const auto ok = attempts("ok", "onprem/*");
  const auto left = attempts("client_left", "onprem/*");
  for (int turn = 0; turn < 20; ++turn) {
    test::HttpClient client(gateway().client_port());
    client.send("POST", "/v1/chat/completions", chat_body("onprem/ok", R"(,"stream":true)"),
                with_key());
    EXPECT_EQ(client.read_head().status, 200);
    while (const auto event = client.read_event()) {
      if (*event == "data: [DONE]") break;
    }
    turn % 2 == 0 ? client.close() : client.reset();
  }
  EXPECT_TRUE(test::wait_for(seconds(5), [&] { return attempts("ok", "onprem/*") == ok + 20; }));
  EXPECT_EQ(attempts("client_left", "onprem/*"), left);
}

// Decisions 23: a whole answer is cancelled like a stream, and awaited where the target says so.
TEST_F(BrokenStreams, U63_AClientThatLeavesAWholeAnswerIsReadToItsEndWhereTheTargetSaysSo) {
  const auto reported = completion_tokens("drained/*", "reported");
  const auto before = newest();
  test::HttpClient client(gateway().client_port());
  client.send("POST", "/v1/chat/completions", chat_body("drained/words-12,wait-200ms"), with_key());
  next_upstream(before);
  client.reset();
  EXPECT_TRUE(test::wait_for(
      seconds(5), [&] { return completion_tokens("drained/*", "reported") == reported + 12; }));
}

TEST_F(BrokenStreams, U64_AnExplicitZeroStaysZeroThoughTheClientLeft) {
  const auto left = attempts("client_left", "drained/*");
  const auto reported = completion_tokens("drained/*", "reported");
  const auto estimated = completion_tokens("drained/*", "estimated");
  test::HttpClient client(gateway().client_port());
  client.send("POST", "/v1/chat/completions",
              chat_body("drained/usage-zero,slow-20ms", R"(,"stream":true)"), with_key());
  EXPECT_EQ(client.read_head().status, 200);
  client.reset();
  EXPECT_TRUE(
      test::wait_for(seconds(5), [&] { return attempts("client_left", "drained/*") == left + 1; }));
  EXPECT_EQ(completion_tokens("drained/*", "reported"), reported);
  EXPECT_EQ(completion_tokens("drained/*", "estimated"), estimated);
}

// What a gateway without a bound would take in while its client does not read.
TEST_F(BrokenStreams, O02_AClientThatDoesNotReadSlowsItsUpstream) {
  constexpr std::string_view kLong = "onprem/words-100000";
  constexpr std::string_view kLimit = R"(,"max_tokens":100000)";
  const std::string body = chat_body(kLong, R"(,"stream":true)" + std::string(kLimit));
  const auto started = std::chrono::steady_clock::now();
  // Much to write for a simulator under a sanitizer, on a machine that does other things.
  test::HttpClient patient(gateway().client_port(), milliseconds(60'000));
  const std::string bearer = fmt::format("Bearer {}", kKey);
  const auto answer = patient.post("/v1/chat/completions", body, {{"Authorization", bearer}});
  EXPECT_TRUE(answer.body.ends_with("data: [DONE]\n\n"));
  const auto took =
      std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - started);
  const auto whole = last_upstream().bytes_sent;
  ASSERT_GT(whole, 12U << 20U);

  const auto before = newest();
  test::RawClient client(gateway().client_port());
  client.shrink_receive_buffer(4096);
  ASSERT_TRUE(client.send(
      fmt::format("POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\n"
                  "Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{}",
                  kKey, body.size(), body)));
  const auto number = next_upstream(before);
  const auto ended = [&] { return last_upstream().ended != simulator::Ended::not_yet; };
  EXPECT_FALSE(test::wait_for(std::max(took, milliseconds(1'000)), ended));
  EXPECT_EQ(chat("reka/ok").status, 200) << "nobody else waits for it";
  client.reset();
  EXPECT_TRUE(upstream_was_left(number));
  for (const auto& entry : upstream().log.entries(number - 1)) {
    if (entry.number != number) continue;
    EXPECT_LT(entry.bytes_sent, whole - (1U << 20U)) << "no more than what the kernel takes";
    fmt::print("{} of {} bytes were taken from the upstream\n", entry.bytes_sent, whole);
  }
}

}  // namespace
}  // namespace e2e

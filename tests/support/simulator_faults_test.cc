#include "tests/support/simulator_fixture.h"
#include "tests/support/upstream_simulator/base64.h"
#include "tests/support/upstream_simulator/control.h"
#include "tests/support/upstream_simulator/handler.h"

namespace simulator {
namespace {

TEST(FaultNames, AreReadFromTheModel) {
  const auto plain = split_model("rekaai/reka-edge");
  EXPECT_EQ(plain.base, "rekaai/reka-edge");
  EXPECT_TRUE(plain.faults.empty());
  const auto two = split_model("rekaai/reka-edge+slow-20ms,usage-none");
  EXPECT_EQ(two.base, "rekaai/reka-edge");
  EXPECT_EQ(two.faults, (std::vector<std::string_view>{"slow-20ms", "usage-none"}));
  EXPECT_EQ(split_model("mock/garbage").base, "mock");
}

TEST(FaultNames, CarryNumbersAndPreferExactRows) {
  Faults faults;
  ASSERT_TRUE(faults.add("stall-after-3"));
  EXPECT_EQ(faults.number(fault("stall-after-<n>")), 3U);
  ASSERT_TRUE(faults.add("429"));
  EXPECT_EQ(faults.number(fault("<status>")), 429U);
  ASSERT_TRUE(faults.add("101"));
  EXPECT_TRUE(faults.has(fault("101")));
  EXPECT_FALSE(faults.add("stall-after-"));
  EXPECT_FALSE(faults.add("no-such-thing"));
  EXPECT_FALSE(faults.add("12345"));
}

TEST(FaultNames, EveryRowOfTheTableCanBeAsked) {
  for (const auto& spec : kFaults) {
    std::string name(spec.name);
    const auto open = name.find('<');
    if (open != std::string::npos) name.replace(open, name.find('>') + 1 - open, "200");
    EXPECT_TRUE(Faults().add(name)) << spec.name;
  }
}

TEST(Targets, AreTakenApart) {
  const auto target = split_target("/openrouter+401,slow-5ms/api/v1/models?limit=1");
  EXPECT_EQ(target.dialect, "openrouter");
  EXPECT_EQ(target.faults, (std::vector<std::string_view>{"401", "slow-5ms"}));
  EXPECT_EQ(target.path, "/api/v1/models");
  EXPECT_EQ(target.query, "limit=1");
}

class FaultyUpstream : public Upstream {
 protected:
  static constexpr auto kChat = "/openrouter/api/v1/chat/completions";

  unsigned status(std::string_view model) { return post(kChat, chat(model)).status; }
};

TEST_F(FaultyUpstream, FailsOnceThenServes) {
  EXPECT_EQ(status("mock/429-then-ok"), 429);
  EXPECT_EQ(status("mock/429-then-ok"), 200);
  EXPECT_EQ(status("mock/429-then-ok"), 200);
}

TEST_F(FaultyUpstream, FailsAsOftenAsToldPerModel) {
  EXPECT_EQ(status("mock/2x503-then-ok"), 503);
  EXPECT_EQ(status("rekaai/reka-edge+2x503-then-ok"), 503);
  EXPECT_EQ(status("mock/2x503-then-ok"), 503);
  EXPECT_EQ(status("mock/2x503-then-ok"), 200);
}

TEST_F(FaultyUpstream, Flaps) {
  EXPECT_EQ(status("mock/flap-500"), 500);
  EXPECT_EQ(status("mock/flap-500"), 200);
  EXPECT_EQ(status("mock/flap-500"), 500);
}

TEST_F(FaultyUpstream, TakesFaultsFromThePath) {
  EXPECT_EQ(post("/openrouter+402/api/v1/chat/completions", chat("rekaai/reka-edge")).status, 402);
}

TEST_F(FaultyUpstream, TakesOrdersForTheNextRequests) {
  const auto ordered =
      client->post("/_control", R"({"dialect":"openrouter","faults":["503"],"times":2})");
  EXPECT_EQ(ordered.status, 200);
  EXPECT_EQ(status("rekaai/reka-edge"), 503);
  EXPECT_EQ(post("/haimaker/v1/chat/completions", chat("mock")).status, 200);
  EXPECT_EQ(status("rekaai/reka-edge"), 503);
  EXPECT_EQ(status("rekaai/reka-edge"), 200);
  EXPECT_EQ(client->post("/_control", R"({"faults":["nonsense"]})").status, 400);
}

TEST_F(FaultyUpstream, ExpectsTheKeysItWasTold) {
  client->post("/_control", R"({"keys":{"openrouter":["sk-only"]}})");
  EXPECT_EQ(status("rekaai/reka-edge"), 401);
  EXPECT_EQ(
      client->post(kChat, chat("rekaai/reka-edge"), {{"Authorization", "Bearer sk-only"}}).status,
      200);
}

TEST_F(FaultyUpstream, PlaysScriptsByNameAndByOrder) {
  client->post(
      "/_control",
      R"({"name":"two","script":{"segments":[{"text":"data: 1\n"},{"base64":"CmRhdGE6IDIKCg=="}]}})");
  const auto named = post(kChat, chat("mock/script-two"));
  EXPECT_EQ(named.body, "data: 1\n\ndata: 2\n\n");
  EXPECT_EQ(named.header("content-type"), "text/event-stream");

  Step bytes;
  bytes.bytes = "HTTP/1.1 418 Teapot\r\nContent-Length: 2\r\n\r\nhi";
  RawAnswer raw;
  raw.framed = false;
  raw.segments = {bytes};
  Order order;
  order.script = std::make_shared<const Script>(script_of(raw));
  upstream.state().give(std::move(order));
  EXPECT_EQ(status("rekaai/reka-edge"), 418);
}

TEST_F(FaultyUpstream, WritesDownExactlyWhatItGot) {
  const std::string body =
      "{\"model\":\"rekaai/reka-edge\", \"messages\":[{\"role\":\"user\",\"content\":\"\\u00e9 "
      "1e400\"}],\"x\":12345678901234567890}";
  post(kChat, body);
  const auto entries = upstream.state().log.entries();
  ASSERT_EQ(entries.size(), 1U);
  EXPECT_EQ(entries[0].request.body, body);
  EXPECT_EQ(entries[0].request.bearer(), "sk-good");
  EXPECT_EQ(entries[0].model, "rekaai/reka-edge");

  const auto line = parse(client->get("/_log").body);
  EXPECT_EQ(line.at("body").as_string(), body);
  EXPECT_EQ(line.at("body_base64").as_string(), base64(body));
  EXPECT_EQ(client->get("/_log?after=1").body, "");
  EXPECT_EQ(parse(client->get("/_stats").body).at("requests").as_int64(), 1);
}

TEST_F(FaultyUpstream, SeesTheClientLeave) {
  client->send("POST", kChat, chat("mock/stall-after-1", R"(,"stream":true)"),
               {{"Authorization", "Bearer k"}});
  client->read_head();
  client->close();
  const auto left = [](const std::deque<LogEntry>& entries) {
    return !entries.empty() && entries.back().ended == Ended::client_left;
  };
  EXPECT_TRUE(
      upstream.state().log.wait(left, std::chrono::steady_clock::now() + std::chrono::seconds(5)));
}

TEST_F(FaultyUpstream, SaysWhenAFaultHasNoSuchName) {
  const auto answer = post(kChat, chat("mock/nonsense"));
  EXPECT_EQ(answer.status, 400);
  EXPECT_NE(answer.body.find("no fault is called nonsense"), std::string::npos);
}

TEST(Log, StaysWithinItsBounds) {
  RequestLog log(3, 100);
  for (std::uint64_t number = 1; number <= 5; ++number) {
    LogEntry entry;
    entry.number = number;
    entry.request.body = std::string(10, 'x');
    log.add(std::move(entry));
  }
  EXPECT_EQ(log.entries().size(), 3U);
  EXPECT_EQ(log.entries().front().number, 3U);
  LogEntry large;
  large.number = 6;
  large.request.body = std::string(95, 'x');
  log.add(std::move(large));
  EXPECT_EQ(log.entries().size(), 1U);
  EXPECT_EQ(log.totals().requests, 6U);
}

TEST(Base64, GoesBothWays) {
  for (const std::string bytes : {"", "a", "ab", "abc", "\xff\x00z"})
    EXPECT_EQ(from_base64(base64(bytes)), bytes);
  EXPECT_EQ(base64("Man"), "TWFu");
  EXPECT_FALSE(from_base64("a b"));
  EXPECT_TRUE(is_utf8("Grüße 世界 🦊"));
  EXPECT_FALSE(is_utf8("\xff"));
  EXPECT_FALSE(is_utf8("\xed\xa0\x80"));
}

}  // namespace
}  // namespace simulator

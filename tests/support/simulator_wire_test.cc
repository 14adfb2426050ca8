#include "tests/support/simulator_fixture.h"
#include "tests/support/upstream_simulator/compose.h"
#include "tests/support/upstream_simulator/usage_plan.h"

namespace simulator {
namespace {

constexpr auto kChat = "/onprem/v1/chat/completions";

Script composed(std::string_view name, Reply reply) {
  Faults faults;
  EXPECT_TRUE(faults.add(name)) << name;
  return compose(reply, faults, Wire{});
}

Reply two_events() {
  Reply reply;
  reply.streamed = true;
  reply.content_type = "text/event-stream";
  reply.events = {{EventKind::content, "{\"a\":\"é\"}"},
                  {EventKind::content, "{\"b\":2}"},
                  {EventKind::done, "[DONE]"}};
  return reply;
}

std::string bytes_of(const Script& script) {
  std::string all;
  for (const auto& step : script.steps)
    for (std::uint64_t time = 0; time < step.times; ++time) all += step.bytes;
  return all;
}

std::string body_of(const Script& script) {
  const auto all = bytes_of(script);
  return all.substr(all.find("\r\n\r\n") + 4);
}

TEST(Compose, FramesEachEventAsAChunk) {
  const auto script = composed("ok", two_events());
  EXPECT_EQ(body_of(script),
            "12\r\ndata: {\"a\":\"é\"}\n\n\r\nf\r\ndata: {\"b\":2}\n\n\r\ne\r\ndata: "
            "[DONE]\n\n\r\n0\r\n\r\n");
  EXPECT_EQ(script.ending, Ending::keep_alive);
}

TEST(Compose, BreaksAfterTheNamedEvent) {
  const auto script = composed("reset-after-1", two_events());
  EXPECT_EQ(body_of(script), "12\r\ndata: {\"a\":\"é\"}\n\n\r\n");
  EXPECT_EQ(script.ending, Ending::reset);
  EXPECT_EQ(body_of(composed("stall-after-head", two_events())), "");
  EXPECT_EQ(composed("stall-after-head", two_events()).ending, Ending::stall);
  EXPECT_TRUE(composed("reset-before-head", two_events()).steps.empty());
}

TEST(Compose, ClosesInsideAnEventAndInsideItsChunk) {
  const auto script = composed("close-mid-event", two_events());
  EXPECT_EQ(body_of(script), "12\r\ndata: {\"a\":\"é\"}\n\n\r\nf\r\ndata: {");
  EXPECT_EQ(script.ending, Ending::close);
}

TEST(Compose, ChangesLineEndsAndFields) {
  const auto stream = [](std::string_view name) {
    Faults faults;
    EXPECT_TRUE(faults.add(name));
    std::string all;
    for (const auto& frame : render_events(two_events().events, faults)) all += frame;
    return all;
  };
  EXPECT_EQ(stream("sse-crlf"),
            "data: {\"a\":\"é\"}\r\n\r\ndata: {\"b\":2}\r\n\r\ndata: [DONE]\r\n\r\n");
  EXPECT_EQ(stream("sse-cr"), "data: {\"a\":\"é\"}\r\rdata: {\"b\":2}\r\rdata: [DONE]\r\r");
  EXPECT_EQ(stream("sse-no-space").substr(0, 7), "data:{\"");
  EXPECT_EQ(stream("sse-split-data").substr(0, 15), "data: {\ndata: \"");
  EXPECT_TRUE(stream("sse-unterminated").ends_with("[DONE]"));
  EXPECT_TRUE(
      stream("sse-bom").starts_with("\xEF\xBB\xBF"
                                    "data: "));
}

TEST(Compose, CutsInsideCharacters) {
  const auto script = composed("multibyte-cut", two_events());
  ASSERT_EQ(script.steps.size(), 2U);
  EXPECT_TRUE(script.steps[0].bytes.ends_with("\xc3"));
  EXPECT_TRUE(script.steps[1].bytes.starts_with("\xa9"));
}

TEST(Compose, FloodsNeedNoMemory) {
  const auto script = composed("sse-endless-line", two_events());
  std::uint64_t promised = 0;
  std::size_t held = 0;
  for (const auto& step : script.steps) {
    promised += step.times * step.bytes.size();
    held += step.bytes.size();
  }
  EXPECT_GT(promised, 256ULL << 20U);
  EXPECT_LT(held, 2U << 20U);
}

TEST(Compose, LiesAboutLengthsAsTold) {
  auto reply = json_reply(200, "{}");
  const auto head = [&](std::string_view name) { return bytes_of(composed(name, reply)); };
  EXPECT_NE(head("two-cl").find("Content-Length: 7\r\n"), std::string::npos);
  EXPECT_NE(head("two-cl").find("Content-Length: 2\r\n"), std::string::npos);
  EXPECT_NE(head("cl-and-te").find("Transfer-Encoding: chunked\r\n"), std::string::npos);
  EXPECT_NE(head("bad-cl").find("Content-Length: twelve\r\n"), std::string::npos);
  EXPECT_TRUE(head("extra-bytes").ends_with("{}POISONED"));
  EXPECT_TRUE(head("http10").starts_with("HTTP/1.0 200 OK\r\n"));
  EXPECT_EQ(head("http10").find("Content-Length"), std::string::npos);
  EXPECT_NE(head("chunk-2-63").find("8000000000000000\r\n"), std::string::npos);
  EXPECT_TRUE(head("100-first").starts_with("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK"));
  EXPECT_EQ(head("bare-lf").find('\r'), std::string::npos);
}

TEST(Usd, IsPlainDecimal) {
  EXPECT_EQ(usd_text(4'900'000), "0.0000049");
  EXPECT_EQ(usd_text(0), "0");
  EXPECT_EQ(usd_text(1'500'000'000'000), "1.5");
}

class WireUpstream : public Upstream {
 protected:
  std::string stream(std::string_view model) {
    return post(kChat, chat(model, R"(,"stream":true)")).body;
  }
};

TEST_F(WireUpstream, ServesManyRequestsOnOneConnection) {
  for (int request = 1; request <= 3; ++request) {
    EXPECT_EQ(deltas(events(stream("reka-edge-2603")), "content"), kHello);
    EXPECT_EQ(upstream.state().log.entries().back().request.request_on_connection, request);
  }
  EXPECT_EQ(upstream.state().log.totals().connections, 1U);
}

TEST_F(WireUpstream, AnyFramingCarriesTheSameStream) {
  for (const std::string name :
       {"chunked-1byte", "chunk-ext", "trailers", "http10", "eof-delimited", "connection-close",
        "100-first", "bytewise", "segments-7", "one-segment", "multibyte-cut", "slow-1ms",
        "slow-rest-5ms"}) {
    client = std::make_unique<test::HttpClient>(upstream.port());
    EXPECT_EQ(deltas(events(stream("reka-edge-2603+" + name)), "content"), kHello) << name;
  }
}

TEST_F(WireUpstream, BreaksAreFeltByTheClient) {
  for (const std::string name : {"reset-before-head", "close-before-head", "reset-after-head",
                                 "close-after-head", "reset-after-2", "close-after-2",
                                 "close-mid-event", "half-head", "not-http", "cut-chunked"}) {
    client = std::make_unique<test::HttpClient>(upstream.port());
    EXPECT_ANY_THROW(stream("reka-edge-2603+" + name)) << name;
  }
  EXPECT_EQ(upstream.state().log.entries().front().faults,
            std::vector<std::string>{"reset-before-head"});
}

TEST_F(WireUpstream, AnswersEarlyWithoutReadingTheBody) {
  const std::string large(4U << 20U, 'x');
  const auto answer = client->post("/onprem+early-401/v1/chat/completions", large);
  EXPECT_EQ(answer.status, 401);
}

TEST_F(WireUpstream, TurnsAnswersAround) {
  EXPECT_EQ(post(kChat, chat("reka-edge-2603+json-though-stream", R"(,"stream":true)"))
                .header("content-type"),
            "application/json");
  EXPECT_EQ(post(kChat, chat("reka-edge-2603+stream-though-json")).header("content-type"),
            "text/event-stream");
}

TEST_F(WireUpstream, ServesManyClientsAtOnce) {
  Options two_threads;
  two_threads.threads = 2;
  Simulator several(two_threads);
  std::vector<test::HttpClient> clients;
  for (int index = 0; index < 20; ++index) {
    clients.emplace_back(several.port());
    clients.back().send("POST", kChat, chat("reka-edge-2603", R"(,"stream":true)"), {});
  }
  for (auto& each : clients) {
    EXPECT_EQ(each.read_head().status, 200);
    EXPECT_EQ(deltas(events(each.read_rest()), "content"), kHello);
  }
  EXPECT_EQ(several.state().log.totals().requests, 20U);
}

}  // namespace
}  // namespace simulator

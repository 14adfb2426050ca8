#include "gateway/upstream/exchange.h"

#include <atomic>
#include <chrono>
#include <stdlib.h>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/gateway/upstream/exchange_fixture.h"

namespace gateway::upstream {
namespace {

using config::ErrorCode;
using std::chrono::milliseconds;
using test::always;
using test::kOk;
using test::Peer;
using test::ScriptedUpstream;
using test::target_at;
using test::then_silence;
using test::UpstreamExchange;
using testing::HasSubstr;

TEST_F(UpstreamExchange, SendsTheRequestAndReadsTheAnswer) {
  Peer::Request seen;
  ScriptedUpstream upstream([&](Peer& peer) {
    if (peer.read(seen)) peer.send(kOk);
  });
  const auto target = target_at(upstream.port());
  const auto answer = rig.ask(target);
  ASSERT_TRUE(answer) << answer.error().detail;
  EXPECT_EQ(answer->status, 200);
  EXPECT_EQ(answer->body, "fine");
  EXPECT_TRUE(rig.last_written);

  EXPECT_EQ(seen.method(), test::http::verb::post);
  EXPECT_EQ(seen.target(), "/v1/chat/completions");
  EXPECT_EQ(seen["Host"], "127.0.0.1:" + std::to_string(upstream.port()));
  EXPECT_EQ(seen["Accept-Encoding"], "identity");
  EXPECT_EQ(seen["Accept"], "application/json");
  EXPECT_EQ(seen["Content-Type"], "application/json");
  EXPECT_EQ(seen["Authorization"], "Bearer secret-key");
  EXPECT_THAT(std::string(seen["User-Agent"]), testing::StartsWith("tollgate/"));
  EXPECT_EQ(seen.body(), R"({"model":"m"})");
}

TEST_F(UpstreamExchange, AConnectionIsUsedAgain) {
  ScriptedUpstream upstream(always(kOk));
  const auto target = target_at(upstream.port());
  for (int i = 0; i < 5; ++i) {
    ASSERT_TRUE(rig.ask(target));
    EXPECT_EQ(rig.last_reused, i > 0);
    EXPECT_EQ(rig.pools.idle(), 1u);
  }
  EXPECT_EQ(upstream.connections(), 1);
}

TEST_F(UpstreamExchange, AChunkedAnswerLosesItsFraming) {
  ScriptedUpstream upstream(
      always("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
             "5;ext=\"a\"\r\nhello\r\n1\r\n \r\nA\r\n0123456789\r\n0\r\nX-T: v\r\n\r\n"));
  const auto target = target_at(upstream.port());
  for (int i = 0; i < 2; ++i) {
    const auto answer = rig.ask(target);
    ASSERT_TRUE(answer) << answer.error().detail;
    EXPECT_EQ(answer->body, "hello 0123456789");
  }
  const auto piecewise = rig.ask_piecewise(target);
  ASSERT_TRUE(piecewise);
  EXPECT_EQ(piecewise->body, "hello 0123456789");
  EXPECT_EQ(upstream.connections(), 1);
}

TEST_F(UpstreamExchange, AChunkedAnswerOfManyReadsIsWhole) {
  std::string body;
  std::string chunks;
  for (std::size_t i = 1; i < 2000; ++i) {
    const std::string data(1 + i * 7919 % 1500, static_cast<char>('a' + i % 26));
    body += data;
    chunks += fmt::format("{:x}\r\n{}\r\n", data.size(), data);
  }
  ScriptedUpstream upstream(
      always("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks + "0\r\n\r\n"));
  const auto target = target_at(upstream.port());
  for (int i = 0; i < 2; ++i) {
    const auto answer = i == 0 ? rig.ask(target) : rig.ask_piecewise(target);
    ASSERT_TRUE(answer) << answer.error().detail;
    EXPECT_TRUE(answer->body == body);
  }
  EXPECT_EQ(upstream.connections(), 1);
}

TEST_F(UpstreamExchange, ABodyOfManyRangesArrivesInOrder) {
  Peer::Request seen;
  ScriptedUpstream upstream([&](Peer& peer) {
    if (peer.read(seen)) peer.send(kOk);
    peer.wait_for_close();
  });
  const auto target = target_at(upstream.port());
  // More ranges than one system call takes.
  auto request = test::chat_request("");
  std::string expected;
  std::vector<std::string> parts;
  for (int i = 0; i < 3000; ++i) parts.push_back(std::to_string(i) + ",");
  for (const std::string& part : parts) {
    request.body.borrow(part);
    expected += part;
  }
  ASSERT_TRUE(rig.ask(target, request));
  EXPECT_EQ(seen.body(), expected);
}

TEST_F(UpstreamExchange, LargeBodiesPassBothWays) {
  const std::string sent(8'000'000, 'q');
  const std::string answered(5'000'000, 'a');
  std::size_t received = 0;
  ScriptedUpstream upstream([&](Peer& peer) {
    Peer::Request request;
    while (peer.read(request)) {
      received = request.body().size();
      peer.send("HTTP/1.1 200 OK\r\nContent-Length: 5000000\r\n\r\n" + answered);
    }
  });
  const auto target = target_at(upstream.port());
  const auto request = test::chat_request(sent);
  const auto answer = rig.ask(target, request);
  ASSERT_TRUE(answer) << answer.error().detail;
  EXPECT_TRUE(answer->body == answered);
  EXPECT_EQ(received, sent.size());
  const auto again = rig.ask_piecewise(target);
  ASSERT_TRUE(again) << again.error().detail;
  EXPECT_TRUE(again->body == answered);
  EXPECT_EQ(upstream.connections(), 1);
}

// A stream is read to its [DONE], not to its last chunk: the connection is kept anyway.
TEST_F(UpstreamExchange, AStreamLeftBeforeItsLastChunkKeepsItsConnection) {
  ScriptedUpstream upstream(
      always("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n6\r\n[DONE]\r\n0\r\n\r\n"));
  const auto target = target_at(upstream.port());
  const auto request = test::chat_request();
  const auto read_once = [&]() -> Awaitable<bool> {
    Exchange exchange(rig.pools, target);
    auto head = co_await exchange.start(request);
    if (!head) co_return false;
    auto bytes = co_await exchange.read_some();
    co_return bytes && *bytes == "[DONE]";
  };
  ASSERT_TRUE(rig.run(read_once()));
  EXPECT_EQ(rig.pools.idle(), 1u);
}

TEST_F(UpstreamExchange, AnExchangeLeftInTheMiddleClosesItsConnection) {
  std::atomic<bool> closed{false};
  ScriptedUpstream upstream([&](Peer& peer) {
    peer.read();
    peer.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n");
    peer.wait_for_close();
    closed = true;
  });
  const auto target = target_at(upstream.port());
  const auto request = test::chat_request();
  const auto leave = [&]() -> Awaitable<bool> {
    Exchange exchange(rig.pools, target);
    auto head = co_await exchange.start(request);
    co_return head.has_value();
  };
  ASSERT_TRUE(rig.run(leave()));
  EXPECT_EQ(rig.pools.idle(), 0u);
  const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (!closed && std::chrono::steady_clock::now() < give_up) std::this_thread::yield();
  EXPECT_TRUE(closed);
}

TEST_F(UpstreamExchange, X09_ProxyVariablesAreNotHonoured) {
  std::atomic<int> visits{0};
  ScriptedUpstream proxy([&](Peer&) { ++visits; });
  const std::string address = "http://127.0.0.1:" + std::to_string(proxy.port());
  for (const char* variable : {"http_proxy", "HTTP_PROXY", "https_proxy", "ALL_PROXY"}) {
    ::setenv(variable, address.c_str(), 1);
  }
  ScriptedUpstream upstream(always(kOk));
  EXPECT_TRUE(ask(upstream));
  EXPECT_EQ(visits, 0);
  for (const char* variable : {"http_proxy", "HTTP_PROXY", "https_proxy", "ALL_PROXY"}) {
    ::unsetenv(variable);
  }
}

// Refused and closed while most of the body is still ours: the refusal is what counts.
TEST_F(UpstreamExchange, U41_AnEarlyRefusalIsHeardAlthoughTheBodyIsNotTaken) {
  ScriptedUpstream upstream([](Peer& peer) {
    char some[1024];
    peer.socket().read_some(test::net::buffer(some));
    peer.send("HTTP/1.1 401 Unauthorized\r\nConnection: close\r\nContent-Length: 4\r\n\r\nnope");
  });
  const std::string body(32'000'000, 'q');
  const auto request = test::chat_request(body);
  const auto target = target_at(upstream.port());
  const auto answer = rig.ask(target, request);
  ASSERT_TRUE(answer) << answer.error().detail;
  EXPECT_EQ(answer->status, 401);
  EXPECT_EQ(answer->body, "nope");
  EXPECT_EQ(rig.pools.idle(), 0u);
}

TEST_F(UpstreamExchange, U42_ABodyThatIsNotTakenIsATimeout) {
  std::atomic<bool> given_up{false};
  ScriptedUpstream upstream([&](Peer& peer) {
    // Takes a byte now and then: progress that must not count.
    char byte = 0;
    error_code error;
    while (!error && !given_up) {
      peer.socket().read_some(test::net::buffer(&byte, 1), error);
      std::this_thread::sleep_for(milliseconds(5));
    }
  });
  const std::string body(32'000'000, 'q');
  const auto request = test::chat_request(body);
  const auto target = quick(upstream);
  const auto answer = rig.ask(target, request);
  given_up = true;
  expect_error(answer, ErrorCode::upstream_timeout);
  EXPECT_THAT(answer.error().detail, HasSubstr("request not taken"));
  EXPECT_TRUE(rig.last_written);
}

TEST_F(UpstreamExchange, ASilentStreamTimesOutByTheIdleLimit) {
  ScriptedUpstream upstream(
      then_silence("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n"));
  auto target = target_at(upstream.port());
  const auto request = test::chat_request();
  const auto wait = [&]() -> Awaitable<config::Result<int>> {
    Exchange exchange(rig.pools, target);
    auto head = co_await exchange.start(request);
    if (!head) co_return std::move(head).error();
    for (;;) {
      auto bytes = co_await exchange.read_some();
      if (!bytes) co_return std::move(bytes).error();
      if (bytes->empty()) co_return 0;
    }
  };
  target.timeouts.idle = milliseconds(50);
  const auto idle = rig.run(wait());
  ASSERT_FALSE(idle);
  EXPECT_EQ(idle.error().code, ErrorCode::upstream_timeout);
}

TEST_F(UpstreamExchange, CancelEndsTheOperationUnderWay) {
  struct Case {
    const char* name;
    std::string answer;
  };
  for (const Case& at : {Case{"head", ""}, Case{"half a head", "HTTP/1.1 200 OK\r\n"},
                         Case{"body", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nx"}}) {
    SCOPED_TRACE(at.name);
    ScriptedUpstream upstream(then_silence(at.answer));
    const auto target = target_at(upstream.port());
    const auto request = test::chat_request();
    Exchange exchange(rig.pools, target);
    const auto ask = [&]() -> Awaitable<config::Result<std::string>> {
      auto head = co_await exchange.start(request);
      if (!head) co_return std::move(head).error();
      auto body = co_await exchange.read_all(1000);
      if (!body) co_return std::move(body).error();
      co_return std::string(*body);
    };
    Deadline later(rig.deadlines, [](void* e) { static_cast<Exchange*>(e)->cancel(); }, &exchange);
    later.set(milliseconds(40));
    const auto answer = rig.run(ask());
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code, ErrorCode::upstream_unavailable);
    EXPECT_EQ(answer.error().detail, "cancelled");
    exchange.cancel();
    EXPECT_EQ(rig.pools.idle(), 0u);
  }
}

TEST_F(UpstreamExchange, ACancelledExchangeDoesNotStart) {
  ScriptedUpstream upstream(always(kOk));
  const auto target = target_at(upstream.port());
  const auto request = test::chat_request();
  Exchange exchange(rig.pools, target);
  exchange.cancel();
  const auto ask = [&]() -> Awaitable<config::Result<int>> {
    auto head = co_await exchange.start(request);
    if (!head) co_return std::move(head).error();
    co_return head->status;
  };
  EXPECT_FALSE(rig.run(ask()));
  EXPECT_FALSE(exchange.written());
  EXPECT_EQ(upstream.connections(), 0);
}

TEST_F(UpstreamExchange, AHeaderThatWouldAddALineIsNotSent) {
  ScriptedUpstream upstream(always(kOk));
  const auto target = target_at(upstream.port());
  auto request = test::chat_request();
  request.headers.emplace_back("X-Title", "a\r\nX-Evil: b");
  const auto answer = rig.ask(target, request);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::internal);
  EXPECT_EQ(upstream.connections(), 0);
}

// How a worker stops: everything under way is cancelled and runs to its end.
TEST_F(UpstreamExchange, CancellingEverythingLetsTheIoContextEnd) {
  ScriptedUpstream upstream(then_silence("HTTP/1.1 200 OK\r\n"));
  const auto target = target_at(upstream.port());
  const auto request = test::chat_request();
  Exchange one(rig.pools, target);
  Exchange two(rig.pools, target);
  int ended = 0;
  const auto ask = [&](Exchange& exchange) -> Awaitable<> {
    auto head = co_await exchange.start(request);
    EXPECT_FALSE(head);
    ++ended;
  };
  net::co_spawn(rig.io, ask(one), net::detached);
  net::co_spawn(rig.io, ask(two), net::detached);
  rig.io.run_for(milliseconds(30));
  EXPECT_EQ(ended, 0);
  one.cancel();
  two.cancel();
  rig.pools.clear();
  rig.io.run();
  EXPECT_EQ(ended, 2);
}

}  // namespace
}  // namespace gateway::upstream

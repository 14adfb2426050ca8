// Answers that are late, cut, too long or not HTTP.

#include <atomic>
#include <chrono>
#include <string>

#include <gtest/gtest.h>

#include "gateway/upstream/exchange.h"
#include "tests/gateway/upstream/exchange_fixture.h"

namespace gateway::upstream {
namespace {

using config::ErrorCode;
using std::chrono::milliseconds;
using test::always;
using test::kOk;
using test::once;
using test::Peer;
using test::ScriptedUpstream;
using test::target_at;
using test::then_silence;
using test::UpstreamExchange;

TEST_F(UpstreamExchange, U10_SilenceIsATimeout) {
  ScriptedUpstream upstream(then_silence(""));
  expect_error(ask(upstream), ErrorCode::upstream_timeout);
  EXPECT_TRUE(rig.last_written);
}

TEST_F(UpstreamExchange, U11_HalfAHeadIsBrokenOffOrATimeout) {
  ScriptedUpstream closing(once("HTTP/1.1 200 OK\r\nContent-"));
  expect_error(ask(closing), ErrorCode::upstream_unavailable);
  ScriptedUpstream silent(then_silence("HTTP/1.1 200 OK\r\nContent-"));
  expect_error(ask(silent), ErrorCode::upstream_timeout);
}

TEST_F(UpstreamExchange, U11_AHeadThatDribblesHasOneLimitForAllOfIt) {
  ScriptedUpstream upstream([](Peer& peer) {
    peer.read();
    while (peer.send("H")) {
      peer.send("TTP/1.1 200 OK\r\n");
      while (peer.send("X: y\r\n")) std::this_thread::sleep_for(milliseconds(20));
    }
  });
  expect_error(ask(upstream), ErrorCode::upstream_timeout);
}

TEST_F(UpstreamExchange, U12_WhatIsNotHttpIsGarbledAtOnce) {
  for (const char* bytes : {"hello\r\n\r\n", "<html>", "{}", "\x16\x03\x01"}) {
    ScriptedUpstream upstream(then_silence(bytes));
    expect_error(ask(upstream), ErrorCode::upstream_garbled);
  }
}

TEST_F(UpstreamExchange, U13_AnEndlessHeadIsGarbled) {
  ScriptedUpstream upstream([](Peer& peer) {
    peer.read();
    peer.send("HTTP/1.1 200 OK\r\n");
    while (peer.send("X-Field: value\r\n")) {
    }
  });
  const auto target = target_at(upstream.port());
  expect_error(rig.ask(target), ErrorCode::upstream_garbled);
}

TEST_F(UpstreamExchange, U15_ContradictoryFramingIsGarbledAndTheConnectionDropped) {
  ScriptedUpstream upstream(
      always("HTTP/1.1 200 OK\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n"
             "0\r\n\r\nfine"));
  expect_error(ask(upstream), ErrorCode::upstream_garbled);
}

TEST_F(UpstreamExchange, U16_ExtraBytesNeverReachTheNextAnswer) {
  ScriptedUpstream upstream({once(kOk + "POISONED"), once(kOk)});
  const auto target = target_at(upstream.port());
  for (int i = 0; i < 2; ++i) {
    const auto answer = rig.ask(target);
    ASSERT_TRUE(answer) << answer.error().detail;
    EXPECT_EQ(answer->body, "fine");
  }
  EXPECT_EQ(upstream.connections(), 2);
}

TEST_F(UpstreamExchange, U16_BytesThatComeWhileIdleNeverReachTheNextAnswer) {
  std::atomic<bool> poisoned{false};
  const auto poison = [&](Peer& peer) {
    if (peer.read()) peer.send(kOk);
    peer.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil");
    poisoned = true;
    peer.wait_for_close();
  };
  ScriptedUpstream upstream({poison, once(kOk)});
  const auto target = target_at(upstream.port());
  ASSERT_TRUE(rig.ask(target));
  while (!poisoned) std::this_thread::yield();
  const auto answer = rig.ask(target);
  ASSERT_TRUE(answer) << answer.error().detail;
  EXPECT_EQ(answer->body, "fine");
}

TEST_F(UpstreamExchange, U17_ABodyShorterThanItsLengthIsBrokenOffOrATimeout) {
  const std::string half = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf";
  ScriptedUpstream closing(once(half));
  expect_error(ask(closing), ErrorCode::upstream_unavailable);
  ScriptedUpstream silent(then_silence(half));
  expect_error(ask(silent), ErrorCode::upstream_timeout);
}

TEST_F(UpstreamExchange, U18_MoreThanTheLimitIsGarbled) {
  const auto request = test::chat_request();
  for (const std::string head : {"HTTP/1.1 200 OK\r\nContent-Length: 10995116277760\r\n\r\nx",
                                 "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n"
                                 "7fffffffffffffff\r\nx"}) {
    ScriptedUpstream upstream(then_silence(head));
    const auto target = target_at(upstream.port());
    expect_error(rig.ask(target, request), ErrorCode::upstream_garbled);
  }
  for (const std::string head :
       {"HTTP/1.0 200 OK\r\n\r\n", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"}) {
    ScriptedUpstream upstream([head](Peer& peer) {
      peer.read();
      peer.send(head);
      const std::string chunk = "1000\r\n" + std::string(4096, 'x') + "\r\n";
      while (peer.send(chunk)) {
      }
    });
    const auto target = target_at(upstream.port());
    expect_error(rig.ask(target, request, 1'000'000), ErrorCode::upstream_garbled);
  }
}

TEST_F(UpstreamExchange, U18_ALimitIsInclusive) {
  ScriptedUpstream upstream(always(kOk));
  const auto target = target_at(upstream.port());
  const auto request = test::chat_request();
  EXPECT_TRUE(rig.ask(target, request, 4));
  EXPECT_FALSE(rig.ask(target, request, 3));
}

TEST_F(UpstreamExchange, U19_AnAnswerUntilTheEndOfTheConnectionIsWholeAndNotPooled) {
  for (const std::string head : {"HTTP/1.0 200 OK\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\n",
                                 "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"}) {
    const std::string body(300'000, 'b');
    ScriptedUpstream upstream(once(head + body));
    const auto answer = ask(upstream);
    ASSERT_TRUE(answer) << answer.error().detail;
    EXPECT_TRUE(answer->body == body);
    EXPECT_EQ(rig.pools.idle(), 0u);
  }
}

TEST_F(UpstreamExchange, U19_AConnectionToBeClosedIsNotPooled) {
  ScriptedUpstream upstream(
      then_silence("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 4\r\n\r\nfine"));
  ASSERT_TRUE(ask(upstream));
  EXPECT_EQ(rig.pools.idle(), 0u);
}

TEST_F(UpstreamExchange, U20_InterimAnswersAreSkipped) {
  ScriptedUpstream upstream(always("HTTP/1.1 100 Continue\r\n\r\n" + kOk));
  for (int i = 0; i < 2; ++i) {
    const auto answer = ask(upstream);
    ASSERT_TRUE(answer) << answer.error().detail;
    EXPECT_EQ(answer->status, 200);
  }
  EXPECT_EQ(upstream.connections(), 1);
  rig.pools.clear();
  ScriptedUpstream switching(then_silence("HTTP/1.1 101 Switching Protocols\r\n\r\n"));
  expect_error(ask(switching), ErrorCode::upstream_garbled);
}

TEST_F(UpstreamExchange, U34_RedirectsAreAnswersAndNotFollowed) {
  std::atomic<int> visits{0};
  ScriptedUpstream elsewhere([&](Peer&) { ++visits; });
  ScriptedUpstream upstream(
      always("HTTP/1.1 307 Temporary Redirect\r\nLocation: http://127.0.0.1:" +
             std::to_string(elsewhere.port()) + "/\r\nContent-Length: 0\r\n\r\n"));
  const auto answer = ask(upstream);
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 307);
  EXPECT_EQ(visits, 0);
}

}  // namespace
}  // namespace gateway::upstream

#include "gateway/upstream/exchange.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/gateway/upstream/exchange_rig.h"
#include "tests/gateway/upstream/scripted_upstream.h"

namespace gateway::upstream {
namespace {

using config::ErrorCode;
using test::ExchangeRig;
using test::Peer;
using test::ScriptedUpstream;
using test::target_at;
using testing::HasSubstr;

constexpr std::string_view kOk = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nfine";

// Answers every request on a connection with the same bytes.
ScriptedUpstream::Script always(std::string_view answer) {
  return [answer](Peer& peer) {
    while (peer.read()) peer.send(answer);
  };
}

// Answers one request, then closes.
ScriptedUpstream::Script once(std::string answer) {
  return [answer](Peer& peer) {
    if (peer.read()) peer.send(answer);
  };
}

TEST(Exchange, SendsTheRequestAndReadsTheAnswer) {
  Peer::Request seen;
  ScriptedUpstream upstream([&](Peer& peer) {
    if (peer.read(seen)) peer.send(kOk);
  });
  ExchangeRig rig;
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

TEST(Exchange, AConnectionIsUsedAgain) {
  ScriptedUpstream upstream(always(kOk));
  ExchangeRig rig;
  const auto target = target_at(upstream.port());
  for (int i = 0; i < 5; ++i) {
    ASSERT_TRUE(rig.ask(target));
    EXPECT_EQ(rig.last_reused, i > 0);
    EXPECT_EQ(rig.pools.idle(), 1u);
  }
  EXPECT_EQ(upstream.connections(), 1);
}

TEST(Exchange, AChunkedAnswerLosesItsFraming) {
  ScriptedUpstream upstream(
      always("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
             "5;ext=\"a\"\r\nhello\r\n1\r\n \r\nA\r\n0123456789\r\n0\r\nX-T: v\r\n\r\n"));
  ExchangeRig rig;
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

TEST(Exchange, U01_RefusedConnectionsAreUnavailable) {
  std::uint16_t port = 0;
  {
    ScriptedUpstream gone(always(kOk));
    port = gone.port();
  }
  ExchangeRig rig;
  const auto target = target_at(port);
  const auto answer = rig.ask(target);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::upstream_unavailable);
  EXPECT_THAT(answer.error().detail, HasSubstr("refused"));
  EXPECT_THAT(answer.error().message, testing::Not(HasSubstr("127.0.0.1")));
  EXPECT_FALSE(rig.last_written);
}

TEST(Exchange, U08_AStalePooledConnectionIsReplacedUnseen) {
  ScriptedUpstream upstream({once(std::string(kOk)), once(std::string(kOk))});
  ExchangeRig rig;
  const auto target = target_at(upstream.port());
  ASSERT_TRUE(rig.ask(target));
  ASSERT_TRUE(rig.ask(target));
  EXPECT_EQ(upstream.connections(), 2);
}

TEST(Exchange, U19_AnAnswerUntilTheEndOfTheConnectionIsWholeAndNotPooled) {
  ScriptedUpstream upstream(once("HTTP/1.0 200 OK\r\n\r\nuntil the end"));
  ExchangeRig rig;
  const auto target = target_at(upstream.port());
  const auto answer = rig.ask(target);
  ASSERT_TRUE(answer) << answer.error().detail;
  EXPECT_EQ(answer->body, "until the end");
  EXPECT_EQ(rig.pools.idle(), 0u);
}

TEST(Exchange, U10_SilenceIsATimeout) {
  ScriptedUpstream upstream([](Peer& peer) {
    peer.read();
    peer.wait_for_close();
  });
  ExchangeRig rig;
  auto target = target_at(upstream.port());
  target.timeouts.whole_answer = std::chrono::milliseconds(50);
  const auto answer = rig.ask(target);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::upstream_timeout);
  EXPECT_TRUE(rig.last_written);
}

}  // namespace
}  // namespace gateway::upstream

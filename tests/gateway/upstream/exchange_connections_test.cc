// Connections that refuse, die or are stale.

#include <sys/resource.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gateway/upstream/exchange.h"
#include "tests/gateway/upstream/exchange_fixture.h"

namespace gateway::upstream {
namespace {

using config::ErrorCode;
using test::always;
using test::kOk;
using test::once;
using test::Peer;
using test::ScriptedUpstream;
using test::target_at;
using test::UpstreamExchange;
using testing::HasSubstr;

TEST_F(UpstreamExchange, U01_RefusedConnectionsAreUnavailable) {
  std::uint16_t port = 0;
  {
    ScriptedUpstream gone(always(kOk));
    port = gone.port();
  }
  const auto target = target_at(port);
  const auto answer = rig.ask(target);
  expect_error(answer, ErrorCode::upstream_unavailable);
  EXPECT_THAT(answer.error().detail, HasSubstr("refused"));
  EXPECT_FALSE(rig.last_written);
}

TEST_F(UpstreamExchange, WithoutADescriptorForItTheUpstreamIsNotToBlame) {
  ScriptedUpstream upstream(always(kOk));
  const auto target = target_at(upstream.port());
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  const rlimit none{0, before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
  const auto answer = rig.ask(target);
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  expect_error(answer, ErrorCode::overloaded);
  EXPECT_EQ(answer.error().retry_after, std::chrono::milliseconds(1000));
  EXPECT_FALSE(rig.last_written);
}

TEST_F(UpstreamExchange, U07_AFreshConnectionThatDiesSilentlyIsNotTriedAgain) {
  for (const bool reset : {false, true}) {
    ScriptedUpstream upstream([reset](Peer& peer) {
      peer.read();
      if (reset) peer.reset();
    });
    expect_error(ask(upstream), ErrorCode::upstream_unavailable);
    EXPECT_TRUE(rig.last_written);
    EXPECT_EQ(upstream.connections(), 1);
  }
}

TEST_F(UpstreamExchange, U08_AStalePooledConnectionIsReplacedUnseen) {
  ScriptedUpstream upstream(once(kOk));
  const auto target = target_at(upstream.port());
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(rig.ask(target));
  EXPECT_EQ(upstream.connections(), 3);
}

// The close meets our request on the way: only the answer that never comes tells.
TEST_F(UpstreamExchange, U08_APooledConnectionThatDiesUnderTheRequestIsReplacedOnce) {
  for (const bool reset : {false, true}) {
    const auto dying = [reset](Peer& peer) {
      if (peer.read()) peer.send(kOk);
      peer.read();
      if (reset) peer.reset();
    };
    ScriptedUpstream upstream({dying, once(kOk)});
    const auto target = target_at(upstream.port());
    ASSERT_TRUE(rig.ask(target));
    const auto second = rig.ask(target);
    ASSERT_TRUE(second) << second.error().detail;
    EXPECT_FALSE(rig.last_reused);
    EXPECT_EQ(upstream.connections(), 2);
    rig.pools.clear();
  }
}

TEST_F(UpstreamExchange, U08_TheReplacementIsNotReplaced) {
  const auto dying = [](Peer& peer) {
    if (peer.read()) peer.send(kOk);
    peer.read();
  };
  ScriptedUpstream upstream({dying, [](Peer& peer) { peer.read(); }});
  const auto target = target_at(upstream.port());
  ASSERT_TRUE(rig.ask(target));
  expect_error(rig.ask(target), ErrorCode::upstream_unavailable);
  EXPECT_EQ(upstream.connections(), 2);
}

TEST_F(UpstreamExchange, U09_OnceAByteOfTheAnswerCameNothingIsRepeated) {
  ScriptedUpstream upstream([](Peer& peer) {
    if (peer.read()) peer.send(kOk);
    if (peer.read()) peer.send("H");
    peer.reset();
  });
  const auto target = target_at(upstream.port());
  ASSERT_TRUE(rig.ask(target));
  expect_error(rig.ask(target), ErrorCode::upstream_unavailable);
  EXPECT_TRUE(rig.last_reused);
  EXPECT_EQ(upstream.connections(), 1);
}

}  // namespace
}  // namespace gateway::upstream

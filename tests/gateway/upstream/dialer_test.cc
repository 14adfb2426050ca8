#include "gateway/upstream/dialer.h"

#include <chrono>
#include <string>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gateway/upstream/race.h"
#include "tests/gateway/upstream/exchange_rig.h"
#include "tests/gateway/upstream/scripted_upstream.h"
#include "tests/support/never_accepts.h"

namespace gateway::upstream {
namespace {

using config::ErrorCode;
using std::chrono::milliseconds;
using test::ExchangeRig;
using test::NeverAccepts;
using test::Peer;
using test::ScriptedUpstream;
using testing::HasSubstr;

void answer(Peer& peer) {
  while (peer.read()) peer.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nfine");
}

Resolver::Lookup always_at(std::vector<const char*> texts) {
  Addresses addresses;
  for (const char* text : texts) addresses.push_back(net::ip::make_address(text));
  return [addresses](const std::string&, const Resolver::Done& done) { done({}, addresses); };
}

TEST(UpstreamDialer, U02_AConnectThatHearsNothingTimesOut) {
  const NeverAccepts hole(true);
  ExchangeRig rig;
  auto target = test::target_at(hole.port());
  target.timeouts.connect = milliseconds(80);
  const auto result = rig.ask(target);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::upstream_timeout);
  EXPECT_THAT(result.error().detail, HasSubstr("connect"));
  EXPECT_FALSE(rig.last_written);
}

TEST(UpstreamDialer, U03_AnUnknownNameIsUnavailable) {
  ExchangeRig rig({}, [](const std::string&, const Resolver::Done& done) {
    done(net::error::host_not_found, {});
  });
  const auto target = test::target_at(9, "missing.test");
  const auto result = rig.ask(target);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::upstream_unavailable);
}

TEST(UpstreamDialer, U03_ANameServerThatHearsNothingTimesOut) {
  ExchangeRig rig({}, [](const std::string&, const Resolver::Done&) {});
  auto target = test::target_at(9, "slow.test");
  target.timeouts.connect = milliseconds(50);
  const auto result = rig.ask(target);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::upstream_timeout);
  EXPECT_THAT(result.error().detail, HasSubstr("name lookup"));
}

TEST(UpstreamDialer, U04_ARefusedFirstAddressIsPassedOverAtOnce) {
  ScriptedUpstream upstream(answer);
  ExchangeRig rig({}, always_at({"::1", "127.0.0.2", "127.0.0.1"}));
  const auto target = test::target_at(upstream.port(), "both.test");
  const auto begin = std::chrono::steady_clock::now();
  const auto result = rig.ask(target);
  ASSERT_TRUE(result) << result.error().detail;
  EXPECT_LT(std::chrono::steady_clock::now() - begin, Race::kHeadStart);
}

TEST(UpstreamDialer, U04_ASilentFirstAddressCostsItsHeadStart) {
  ScriptedUpstream upstream(answer);
  const NeverAccepts hole(true, {net::ip::make_address("127.0.0.2"), upstream.port()});
  ExchangeRig rig({}, always_at({"127.0.0.2", "127.0.0.1"}));
  const auto target = test::target_at(upstream.port(), "both.test");
  const auto result = rig.ask(target);
  ASSERT_TRUE(result) << result.error().detail;
  EXPECT_EQ(result->body, "fine");
}

TEST(UpstreamDialer, EveryAddressRefusedIsOneError) {
  std::uint16_t port = 0;
  {
    port = ScriptedUpstream(answer).port();
  }
  ExchangeRig rig({}, always_at({"127.0.0.2", "127.0.0.3", "127.0.0.1"}));
  const auto target = test::target_at(port, "dead.test");
  const auto result = rig.ask(target);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::upstream_unavailable);
  EXPECT_THAT(result.error().detail, HasSubstr("127.0.0.1"));
}

// The one descriptor that there is for it is an idle connection's.
TEST(UpstreamDialer, IdleConnectionsGiveWayToOneThatIsNeeded) {
  ScriptedUpstream upstream(answer);
  net::io_context io{1};
  net::ip::tcp::acceptor other(io, {net::ip::make_address("127.0.0.1"), 0});
  ExchangeRig rig;
  ASSERT_TRUE(rig.ask(test::target_at(upstream.port())));
  ASSERT_EQ(rig.pools.idle(), 1U);

  const auto target = test::target_at(other.local_endpoint().port());
  PhaseTimes times;
  Dialer dialer(rig.pools, origin_of(target), target.proxy, target.timeouts, times);
  const int next = ::dup(0);
  ASSERT_GE(next, 0);
  ::close(next);
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  const rlimit full{static_cast<rlim_t>(next), before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &full), 0);
  EXPECT_LT(::dup(0), 0) << "there is none left";
  const auto connection = rig.run(dialer.dial());
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  EXPECT_TRUE(connection) << connection.error().detail;
  EXPECT_EQ(rig.pools.idle(), 0U);
}

// Cancelled in each phase before the request is written.
TEST(UpstreamDialer, CancelEndsEveryPhase) {
  const NeverAccepts hole(true);
  ScriptedUpstream silent([](Peer& peer) { peer.wait_for_close(); });
  auto lookup = test::target_at(9, "slow.test");
  auto connect = test::target_at(hole.port());
  auto handshake = test::target_at(silent.port());
  handshake.base_url.tls = true;

  ExchangeRig rig({}, [](const std::string&, const Resolver::Done&) {});
  const auto request = test::chat_request();
  for (const config::Target* target : {&lookup, &connect, &handshake}) {
    Exchange exchange(rig.pools, *target);
    const auto ask = [&]() -> Awaitable<config::Result<int>> {
      auto head = co_await exchange.start(request);
      if (!head) co_return std::move(head).error();
      co_return head->status;
    };
    Deadline later(rig.deadlines, [](void* e) { static_cast<Exchange*>(e)->cancel(); }, &exchange);
    later.set(milliseconds(40));
    const auto result = rig.run(ask());
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, ErrorCode::upstream_unavailable);
    EXPECT_EQ(result.error().detail, "cancelled");
    EXPECT_FALSE(exchange.written());
  }
}

}  // namespace
}  // namespace gateway::upstream

// An upstream behind an egress proxy: what the proxy is asked, what goes through it, and how
// its refusals are told.

#include "gateway/upstream/tunnel.h"

#include <string>

#include <boost/asio/ssl/context.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/proxy.h"
#include "tests/gateway/upstream/exchange_rig.h"
#include "tests/gateway/upstream/scripted_upstream.h"
#include "tests/support/connect_proxy.h"
#include "tests/support/test_certificates.h"

namespace gateway::upstream {
namespace {

using config::ErrorCode;
using test::Peer;
using test::ScriptedUpstream;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

constexpr std::string_view kOk = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nfine";

void answer_all(Peer& peer) {
  while (peer.read()) peer.send(kOk);
}

class Tunnel : public testing::Test {
 protected:
  config::Target through(std::uint16_t upstream, std::string login = "") {
    auto target = test::target_at(upstream, "upstream.test");
    target.proxy = std::get<config::Proxy>(
        config::parse_proxy("http://" + login + "127.0.0.1:" + std::to_string(proxy.port())));
    return target;
  }

  test::ConnectProxy proxy;
  test::ExchangeRig rig;
};

TEST_F(Tunnel, APlainUpstreamIsAskedForByConnectToo) {
  ScriptedUpstream upstream(answer_all);
  const auto target = through(upstream.port());
  for (int i = 0; i < 2; ++i) {
    const auto answer = rig.ask(target);
    ASSERT_TRUE(answer) << answer.error().detail;
    EXPECT_EQ(answer->body, "fine");
  }
  const std::string where = "upstream.test:" + std::to_string(upstream.port());
  // Once: the tunnel lives on in the pool. Nothing of the request is the proxy's.
  EXPECT_THAT(proxy.asked(),
              ElementsAre("CONNECT " + where + " HTTP/1.1\r\nHost: " + where + "\r\n\r\n"));
}

TEST_F(Tunnel, TlsIsWithTheUpstreamWhoseCertificateIsVerified) {
  test::TestCertificates certificates;
  for (const std::string name : {"upstream.test", "other.test"}) {
    const auto ours = certificates.issue(name);
    test::net::ssl::context context(test::net::ssl::context::tls_server);
    context.use_certificate_chain_file(ours.certificate_file);
    context.use_private_key_file(ours.key_file, test::net::ssl::context::pem);
    int requests = 0;
    ScriptedUpstream upstream(context, [&](Peer& peer) {
      while (peer.read()) {
        ++requests;
        peer.send(kOk);
      }
    });
    auto target = through(upstream.port());
    target.base_url.tls = true;
    target.ca_file = certificates.ca_file();
    const auto answer = rig.ask(target);
    if (name == "upstream.test") {
      ASSERT_TRUE(answer) << answer.error().detail;
      EXPECT_EQ(answer->body, "fine");
    } else {
      ASSERT_FALSE(answer);
      EXPECT_THAT(answer.error().detail, HasSubstr("hostname mismatch"));
      EXPECT_EQ(requests, 0);
    }
  }
}

TEST_F(Tunnel, AUserIsTheProxysAlone) {
  std::string seen;
  ScriptedUpstream upstream([&](Peer& peer) {
    Peer::Request request;
    if (!peer.read(request)) return;
    for (const auto& field : request) seen.append(field.name_string()).append("\n");
    peer.send(kOk);
    peer.wait_for_close();
  });
  ASSERT_TRUE(rig.ask(through(upstream.port(), "Aladdin:open%20sesame@")));
  ASSERT_EQ(proxy.asked().size(), 1U);
  EXPECT_THAT(proxy.asked()[0],
              HasSubstr("\r\nProxy-Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n"));
  EXPECT_THAT(proxy.asked()[0], testing::Not(HasSubstr("secret-key")));
  EXPECT_THAT(seen, testing::Not(HasSubstr("Proxy-")));
}

TEST_F(Tunnel, ARefusalNamesTheProxysAnswer) {
  const auto target = through(9, "team:canary@");
  for (const auto& [status, words] :
       {std::pair(407, "407 Proxy Authentication Required"), std::pair(403, "403 Forbidden"),
        std::pair(502, "502 Bad Gateway"), std::pair(504, "504 Gateway Timeout")}) {
    proxy.answer_with("HTTP/1.1 " + std::to_string(status) +
                      " Canary\r\nContent-Length: 6\r\n\r\ncanary");
    const auto answer = rig.ask(target);
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code, ErrorCode::upstream_unavailable);
    EXPECT_THAT(answer.error().message, HasSubstr(std::string("proxy refused")));
    EXPECT_THAT(answer.error().message, HasSubstr(words));
    EXPECT_THAT(answer.error().detail, HasSubstr("proxy team@127.0.0.1:"));
    EXPECT_THAT(answer.error().detail, HasSubstr("to CONNECT upstream.test:9"));
    EXPECT_THAT(answer.error().detail + answer.error().message, testing::Not(HasSubstr("anary\r")));
    EXPECT_FALSE(rig.last_written) << "nothing of the request was sent";
  }
}

TEST_F(Tunnel, WhatIsNoAnswerIsAnError) {
  const auto target = through(9);
  for (const std::string says :
       {"HTTP/1.1 200 OK\r\n\r\nI speak first", "nonsense\r\n\r\n", "HTTP/1.1 200",
        "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc"}) {
    proxy.answer_with(says);
    const auto answer = rig.ask(target);
    ASSERT_FALSE(answer) << says;
    EXPECT_THAT(answer.error().message, HasSubstr("proxy")) << says;
    EXPECT_FALSE(rig.last_written);
  }
}

TEST_F(Tunnel, ASilentProxyCostsTheConnectLimit) {
  proxy.say_nothing();
  auto target = through(9);
  target.timeouts.connect = std::chrono::milliseconds(60);
  const auto answer = rig.ask(target);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::upstream_timeout);
  EXPECT_THAT(answer.error().detail, StartsWith("CONNECT by proxy 127.0.0.1:"));
}

TEST_F(Tunnel, ASilentUpstreamBehindItCostsTheTlsLimit) {
  ScriptedUpstream upstream([](Peer& peer) { peer.wait_for_close(); });
  auto target = through(upstream.port());
  target.base_url.tls = true;
  target.timeouts.tls = std::chrono::milliseconds(60);
  const auto answer = rig.ask(target);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::upstream_timeout);
  EXPECT_THAT(answer.error().detail, HasSubstr("TLS handshake with upstream.test"));
}

TEST_F(Tunnel, ADeadProxyIsNamed) {
  auto target = through(9);
  std::uint16_t nobody = 0;
  {
    nobody = test::ConnectProxy().port();
  }
  target.proxy.port = nobody;
  const auto answer = rig.ask(target);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::upstream_unavailable);
  EXPECT_THAT(answer.error().detail, HasSubstr("port " + std::to_string(nobody)));
}

// The same upstream, reached directly: neither may use the other's connection.
TEST_F(Tunnel, PoolsKeepProxiedConnectionsApart) {
  ScriptedUpstream upstream([](Peer& peer) {
    if (peer.read()) peer.send(kOk);
    peer.wait_for_close();
  });
  auto direct = through(upstream.port());
  direct.base_url.host = "127.0.0.1";
  auto proxied = direct;
  direct.proxy = {};
  EXPECT_FALSE(OriginEqual()(origin_of(direct), origin_of(proxied)));
  ASSERT_TRUE(rig.ask(proxied));
  EXPECT_EQ(rig.pools.idle(), 1U);
  EXPECT_EQ(rig.pools.take(origin_of(direct)), nullptr);
  EXPECT_NE(rig.pools.take(origin_of(proxied)), nullptr);
}

}  // namespace
}  // namespace gateway::upstream

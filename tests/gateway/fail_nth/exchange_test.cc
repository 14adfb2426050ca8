// Every read, write and connect of an exchange with an upstream fails once: plain, over TLS,
// and through a proxy. Whatever the point, it ends with the exact answer or an error, keeps
// no connection that has failed, and leaves no descriptor behind.

#include <filesystem>
#include <iterator>
#include <memory>
#include <string>

#include <boost/asio/ssl/context.hpp>
#include <gtest/gtest.h>

#include "config/proxy.h"
#include "tests/gateway/upstream/exchange_rig.h"
#include "tests/gateway/upstream/scripted_upstream.h"
#include "tests/support/connect_proxy.h"
#include "tests/support/failing_io.h"
#include "tests/support/test_certificates.h"
#include "tests/support/wait_for.h"

namespace gateway::upstream {
namespace {

using config::ErrorCode;
using test::FailingIo;
using test::IoFault;
using test::Peer;
using test::ScriptedUpstream;

constexpr int kFarBeyondTheLast = 400;
constexpr std::chrono::seconds kSoon{5};

std::ptrdiff_t open_descriptors() {
  return std::distance(std::filesystem::directory_iterator("/proc/self/fd"), {});
}

// In several parts, so that there is something to read again and again.
void answer_in_parts(Peer& peer) {
  while (peer.read()) {
    for (const std::string_view part :
         {"HTTP/1.1 200 OK\r\nTransfer-Enc", "oding: chunked\r\n\r\n5\r\nhello",
          "\r\n6\r\n world\r\n", "0\r\n\r\n"}) {
      if (!peer.send(part)) return;
    }
  }
}

class FailNthExchange : public testing::TestWithParam<IoFault> {
 protected:
  // `again`: over the pool's connection, after a first exchange that went well.
  void fail_everywhere(const config::Target& target, bool again) {
    bool reached_the_end = false;
    int points = 0;
    for (int n = 1; n < kFarBeyondTheLast && !reached_the_end; ++n) {
      SCOPED_TRACE(n);
      auto rig = std::make_unique<test::ExchangeRig>();
      if (again) ASSERT_TRUE(rig->ask(target));
      const auto before = open_descriptors();
      FailingIo fault(n, GetParam());
      const auto result = rig->ask_piecewise(target);
      reached_the_end = !fault.struck();
      points += fault.struck() ? 1 : 0;
      if (result) {
        EXPECT_EQ(result->body, "hello world");
        // A stale connection of the pool is replaced; a fresh one that fails is not.
        EXPECT_TRUE(!fault.struck() || again);
        EXPECT_EQ(rig->pools.idle(), 1U);
      } else {
        EXPECT_TRUE(fault.struck());
        EXPECT_EQ(result.error().code, ErrorCode::upstream_unavailable) << result.error().detail;
        EXPECT_EQ(rig->pools.idle(), 0U);
        // The upstream's end of it is in this process too, and goes a moment later.
        EXPECT_TRUE(test::wait_for(kSoon, [&] { return open_descriptors() <= before; }));
      }
    }
    EXPECT_TRUE(reached_the_end);
    EXPECT_GE(points, 3);  // a connect, a write and a read, or more of them
  }
};

TEST_P(FailNthExchange, OverTcp) {
  ScriptedUpstream upstream(answer_in_parts);
  fail_everywhere(test::target_at(upstream.port()), false);
  fail_everywhere(test::target_at(upstream.port()), true);
}

TEST_P(FailNthExchange, OverTls) {
  test::TestCertificates certificates;
  const auto ours = certificates.issue("127.0.0.1");
  test::net::ssl::context context(test::net::ssl::context::tls_server);
  context.use_certificate_chain_file(ours.certificate_file);
  context.use_private_key_file(ours.key_file, test::net::ssl::context::pem);
  ScriptedUpstream upstream(context, answer_in_parts);
  auto target = test::target_at(upstream.port());
  target.base_url.tls = true;
  target.ca_file = certificates.ca_file();
  fail_everywhere(target, false);
  fail_everywhere(target, true);
}

TEST_P(FailNthExchange, ThroughAProxy) {
  test::ConnectProxy proxy;
  ScriptedUpstream upstream(answer_in_parts);
  auto target = test::target_at(upstream.port());
  target.proxy = std::get<config::Proxy>(
      config::parse_proxy("http://team:pw@127.0.0.1:" + std::to_string(proxy.port())));
  fail_everywhere(target, false);
}

INSTANTIATE_TEST_SUITE_P(Faults, FailNthExchange, testing::Values(IoFault::reset, IoFault::end));

}  // namespace
}  // namespace gateway::upstream

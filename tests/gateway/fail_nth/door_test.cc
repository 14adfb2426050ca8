// Every read and write of our own door fails once, plain and over TLS: the client gets the
// exact answer or a connection that ends, the door's connection ends too, and the next client
// is served.

#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "tests/gateway/http/live_door.h"
#include "tests/support/failing_io.h"
#include "tests/support/test_certificates.h"
#include "tests/support/tls_ports.h"

namespace gateway::http {
namespace {

using test::FailingIo;
using test::IoFault;
using test::RawClient;

constexpr int kFarBeyondTheLast = 200;

class FailNthDoor : public testing::TestWithParam<std::tuple<IoFault, bool>> {
 protected:
  // What a client gets that sends in two parts and asks twice.
  static void talk(std::uint16_t port) {
    std::unique_ptr<RawClient> client;
    try {
      client = std::make_unique<RawClient>(port);
    } catch (const std::runtime_error&) {
      return;  // its handshake failed
    }
    const std::string body = R"({"model":"m","of":")" + std::string(3'000, 'x') + "\"}";
    const std::string request = chat_request(body);
    client->send(request.substr(0, 200));
    client->send(request.substr(200));
    const auto whole = client->receive();
    if (!whole || !whole->whole) {
      EXPECT_TRUE(client->closed());
      return;
    }
    EXPECT_EQ(whole->status, 200U);
    EXPECT_EQ(whole->body, body);

    client->send("GET /stream HTTP/1.1\r\nHost: localhost\r\n\r\n");
    const auto stream = client->receive();
    if (!stream || !stream->whole) {
      EXPECT_TRUE(client->closed());
      return;
    }
    EXPECT_EQ(stream->body, "data: 0\n\ndata: 1\n\ndata: 2\n\ndata: [DONE]\n\n");
  }
};

TEST_P(FailNthDoor, AnyPointMayFail) {
  const auto [fault, tls] = GetParam();
  test::TestCertificates certificates;
  config::Server limits;
  if (tls) {
    const auto ours = certificates.issue("127.0.0.1");
    limits.tls.certificate = ours.certificate_file;
    limits.tls.key = ours.key_file;
  }
  LiveDoor door(limits);
  if (tls) test::port_speaks_tls(door.port(), certificates.ca_file());

  bool reached_the_end = false;
  int points = 0;
  for (int n = 1; n < kFarBeyondTheLast && !reached_the_end; ++n) {
    SCOPED_TRACE(n);
    std::unique_ptr<FailingIo> failing;
    door.on_thread([&, what = fault] { failing = std::make_unique<FailingIo>(n, what); });
    talk(door.port());
    EXPECT_TRUE(door.open_connections_become(0));
    door.on_thread([&] {
      reached_the_end = !failing->struck();
      failing.reset();
    });
    points += reached_the_end ? 0 : 1;
  }
  EXPECT_TRUE(reached_the_end);
  EXPECT_GT(points, 5);
  EXPECT_TRUE(door.exceptions().empty());
  RawClient next(door.port());
  ASSERT_TRUE(next.send(chat_request("{}")));
  const auto answer = next.receive();
  ASSERT_TRUE(answer && answer->whole);
  EXPECT_EQ(answer->status, 200U);
}

INSTANTIATE_TEST_SUITE_P(Faults, FailNthDoor,
                         testing::Combine(testing::Values(IoFault::reset, IoFault::end),
                                          testing::Bool()));

}  // namespace
}  // namespace gateway::http

// Answers that are read to their end for clients that left: so many and no more.

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>

#include <gmock/gmock.h>

#include "tests/e2e/gateway_fixture.h"
#include "tests/support/wait_for.h"

namespace e2e {
namespace {

using simulator::Ended;
using std::chrono::seconds;

constexpr int kMost = 256;
constexpr seconds kSoon{20};

// "drained/X" is "mock/X", whose answer is read although its client has left.
class Departures : public Gateway {
 protected:
  static void SetUpTestSuite() {
    start_with({.server = ", drain_timeout: 100ms",
                .models = "  - {name: \"drained/*\", targets: [{provider: onprem, model: "
                          "\"mock/*\", on_client_gone: drain, price: unknown}]}\n"});
  }

  // A client that leaves a stream, which says no more, once it has begun.
  static void leave_one() {
    test::HttpClient client(gateway().client_port());
    client.send(
        "POST", "/v1/chat/completions", chat_body("drained/stall-after-2", R"(,"stream":true)"),
        {{"Authorization", "Bearer " + std::string(kKey)}, {"Content-Type", "application/json"}});
    EXPECT_EQ(client.read_head().status, 200);
    client.close();
  }
  static std::pair<int, int> under_way_and_closed() {
    std::pair<int, int> out;
    for (const auto& entry : upstream().log.entries()) {
      out.first += entry.ended == Ended::not_yet ? 1 : 0;
      out.second += entry.ended == Ended::client_left ? 1 : 0;
    }
    return out;
  }
  static double left() {
    return metric("tollgate_attempts_total", {R"(model="drained/*")", R"(error="client_left")"});
  }
};

TEST_F(Departures, SoManyAnswersAreReadForNobodyAndTheNextIsClosedAtOnce) {
  for (int i = 0; i < kMost + 1; ++i) leave_one();
  EXPECT_TRUE(test::wait_for(kSoon, [] { return left() == 1; }));
  EXPECT_TRUE(test::wait_for(kSoon, [] { return under_way_and_closed() == std::pair(kMost, 1); }));
  // Whoever leaves beyond that, too.
  leave_one();
  EXPECT_TRUE(test::wait_for(kSoon, [] { return left() == 2; }));
  EXPECT_EQ(under_way_and_closed().first, kMost);
  // They hold up nobody who stops the gateway.
  EXPECT_EQ(gateway().stop(), 0) << gateway().log();
}

}  // namespace
}  // namespace e2e

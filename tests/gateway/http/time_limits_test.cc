// A connection's limits of time, with a clock moved by hand and everything on one thread.
#include <memory>

#include <gtest/gtest.h>

#include "gateway/deadlines.h"
#include "gateway/http/connection.h"
#include "gateway/http/door.h"
#include "gateway/http/listener.h"
#include "gateway/http/reply.h"
#include "tests/support/fake_clock.h"
#include "tests/support/raw_client.h"

namespace gateway::http {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using test::RawClient;

Awaitable<void> say_ok(const Request&, Reply& reply) {
  providers::Body body;
  body.borrow("ok");
  co_await reply.send(200, "text/plain", body);
}

class TimeLimits : public testing::Test {
 protected:
  TimeLimits() { listener_.start(); }
  ~TimeLimits() override {
    listener_.stop();
    tasks_.cut();
    settle();
  }

  // Lets the door do what it can without time passing.
  void settle() {
    for (int i = 0; i < 20; ++i) {
      io_.restart();
      io_.poll();
    }
  }
  void send(RawClient& client, std::string_view bytes) {
    ASSERT_TRUE(client.send(bytes));
    settle();
  }
  void pass(milliseconds time) {
    settle();
    clock_.advance(time);
    deadlines_.advance(clock_.now());
    settle();
  }
  bool open(RawClient& client) { return client.quiet_for(milliseconds(0)); }
  unsigned status(RawClient& client) {
    const auto answer = client.receive(milliseconds(0));
    return answer ? answer->status : 0;
  }

  test::FakeClock clock_;
  net::io_context io_{1};
  Deadlines deadlines_{io_, clock_};
  TaskGroup tasks_;
  Endpoints endpoints_{{{verb::get, "/", false, {}, say_ok}, {verb::post, "/", false, {}, say_ok}}};
  ConnectionCount count_{100};
  Door door_{.endpoints = endpoints_,
             .limits = {},
             .deadlines = deadlines_,
             .clock = clock_,
             .tasks = tasks_,
             .count = count_};
  Listener listener_{io_, config::Endpoint{"127.0.0.1", 0}, Claim::first, door_};
};

constexpr std::string_view kGet = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
constexpr std::string_view kLongPost =
    "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\n";

TEST_F(TimeLimits, O04_ASilentClientHasTenSeconds) {
  RawClient client(listener_.port());
  pass(milliseconds(9'900));
  EXPECT_TRUE(open(client));
  pass(milliseconds(200));
  EXPECT_TRUE(client.closed(milliseconds(0)));
}

TEST_F(TimeLimits, O04_AHeadHasTenSecondsFromItsFirstByte) {
  RawClient client(listener_.port());
  send(client, kGet);
  EXPECT_EQ(status(client), 200U);
  pass(seconds(60));
  for (int second = 0; second < 9; ++second) {
    send(client, kGet.substr(static_cast<std::size_t>(second), 1));
    pass(seconds(1));
    ASSERT_TRUE(open(client)) << second;
  }
  pass(milliseconds(1'100));
  EXPECT_EQ(status(client), 408U);
}

TEST_F(TimeLimits, O04_AnIdleConnectionHasSeventyFiveSeconds) {
  RawClient client(listener_.port());
  send(client, kGet);
  EXPECT_EQ(status(client), 200U);
  pass(milliseconds(74'900));
  EXPECT_TRUE(open(client));
  pass(milliseconds(200));
  EXPECT_TRUE(client.closed(milliseconds(0)));
}

TEST_F(TimeLimits, O05_ABodyThatTricklesIsCutAfterTenSeconds) {
  RawClient client(listener_.port());
  send(client, kLongPost);
  for (int second = 0; second < 9; ++second) {
    send(client, "x");
    pass(seconds(1));
  }
  EXPECT_TRUE(open(client));
  pass(milliseconds(1'100));
  EXPECT_EQ(status(client), 408U);
}

TEST_F(TimeLimits, O05_ABodyThatKeepsComingHasSixtySeconds) {
  RawClient client(listener_.port());
  send(client, kLongPost);
  const std::string more(2'000, 'x');
  for (int second = 0; second < 59; ++second) {
    send(client, more);
    pass(seconds(1));
    ASSERT_TRUE(open(client)) << second;
  }
  pass(milliseconds(1'100));
  EXPECT_EQ(status(client), 408U);
}

TEST_F(TimeLimits, O05_ABodyThatStopsComingIsCutBeforeItsTimeIsUp) {
  RawClient client(listener_.port());
  send(client, kLongPost);
  send(client, std::string(20 * 1024, 'x'));
  pass(seconds(10));
  int second = 10;
  while (open(client)) {
    ASSERT_LT(second, 30);
    pass(seconds(1));
    ++second;
  }
  EXPECT_EQ(status(client), 408U);
}

TEST_F(TimeLimits, ARefusedClientThatKeepsTalkingIsListenedToForTwoSeconds) {
  RawClient client(listener_.port());
  send(client, "GET /\r\n");
  EXPECT_EQ(status(client), 400U);
  EXPECT_EQ(tasks_.size(), 1U);
  pass(milliseconds(2'100));
  EXPECT_EQ(tasks_.size(), 0U);
}

TEST_F(TimeLimits, R04_AClientThatIsSilentWhileWeLeaveHasASecond) {
  RawClient client(listener_.port());
  settle();
  tasks_.drain();
  pass(milliseconds(900));
  EXPECT_TRUE(open(client));
  pass(milliseconds(200));
  EXPECT_TRUE(client.closed(milliseconds(0)));
}

}  // namespace
}  // namespace gateway::http

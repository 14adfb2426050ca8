#include "gateway/http/listener.h"

#include <ctime>
#include <memory>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <system_error>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/gateway/http/live_door.h"

namespace gateway::http {
namespace {

using std::chrono::milliseconds;
using test::RawClient;

constexpr std::string_view kGet = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";

TEST(Listener, SaysWhichAddressItCannotHave) {
  const int taken = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  ASSERT_EQ(::bind(taken, reinterpret_cast<sockaddr*>(&address), size), 0);
  ASSERT_EQ(::getsockname(taken, reinterpret_cast<sockaddr*>(&address), &size), 0);
  const config::Endpoint where{"127.0.0.1", ntohs(address.sin_port)};

  LiveDoor live;
  try {
    live.listen_also(where);
    FAIL() << "listens on a taken address";
  } catch (const std::system_error& error) {
    EXPECT_THAT(error.what(),
                testing::HasSubstr("cannot bind 127.0.0.1:" + std::to_string(where.port)));
  }
  EXPECT_THROW(live.listen_also({"no address", 0}), std::system_error);
  ::close(taken);
}

TEST(Listener, WhereSomebodyListensAlreadyNobodyElseComesFirst) {
  LiveDoor live;
  LiveDoor further({}, live.port());
  EXPECT_THROW(live.listen_also({"127.0.0.1", live.port()}), std::system_error);
}

TEST(Listener, SeveralShareOnePort) {
  LiveDoor first;
  LiveDoor second({}, first.port());
  EXPECT_EQ(first.port(), second.port());
  for (int i = 0; i < 20; ++i) {
    RawClient client(first.port());
    ASSERT_TRUE(client.send(kGet));
    EXPECT_TRUE(client.receive());
  }
}

TEST(Listener, WhoIsInTheQueueWhenItStopsIsServed) {
  LiveDoor door;
  std::unique_ptr<RawClient> queued;
  door.on_thread([&] {
    // Connected, and not accepted yet.
    queued = std::make_unique<RawClient>(door.port(), RawClient::Handshake::begun);
    if (!queued->secure()) ASSERT_TRUE(queued->send(kGet));
    door.stop_listening_here();
  });
  queued->shake_hands();
  if (queued->secure()) ASSERT_TRUE(queued->send(kGet));
  const auto answer = queued->receive();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 200U);
}

TEST(Listener, O08_WithoutDescriptorsItWaitsWithoutSpinningAndRecovers) {
  LiveDoor door;
  const auto cpu_time = [&] {
    timespec time{};
    door.on_thread([&] { ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time); });
    return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
  };
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  rlimit none = before;
  none.rlim_cur = 3;
  // The client's socket exists already; only the accepting side has to find a descriptor.
  std::unique_ptr<RawClient> waiting;
  door.on_thread([&] {
    waiting = std::make_unique<RawClient>(door.port(), RawClient::Handshake::begun);
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
  });
  if (!waiting->secure()) ASSERT_TRUE(waiting->send(kGet));
  const auto cpu_before = cpu_time();
  EXPECT_TRUE(waiting->quiet_for(milliseconds(500)));
  const auto spent = cpu_time() - cpu_before;
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  EXPECT_LT(spent, milliseconds(50));  // of processor time, a tenth of what passed
  waiting->shake_hands();
  if (waiting->secure()) ASSERT_TRUE(waiting->send(kGet));
  const auto answer = waiting->receive();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 200U);
}

}  // namespace
}  // namespace gateway::http

#include "gateway/upstream/pool.h"

#include <memory>
#include <string>
#include <utility>

#include <boost/asio/write.hpp>
#include <gtest/gtest.h>

#include "tests/support/fake_clock.h"

namespace gateway::upstream {
namespace {

using std::chrono::milliseconds;

class UpstreamPools : public testing::Test {
 protected:
  // A connected pair: one end for the pool, the other for the test.
  std::unique_ptr<Connection> connect(TcpSocket& other_end) {
    TcpSocket socket(io.get_executor());
    socket.connect(acceptor.local_endpoint());
    acceptor.accept(other_end);
    return std::make_unique<TcpConnection>(std::move(socket));
  }

  net::io_context io{1};
  net::basic_socket_acceptor<Tcp, Executor> acceptor{io, {net::ip::address_v4::loopback(), 0}};
  test::FakeClock clock;
  Deadlines deadlines{io, clock};
  const OriginView origin{"a.test", 443, true, ""};
};

TEST_F(UpstreamPools, TheYoungestIsTakenFirst) {
  Pools pools(io, deadlines, clock);
  TcpSocket one(io);
  TcpSocket two(io);
  auto older = connect(one);
  auto younger = connect(two);
  const Connection* expected = younger.get();
  pools.give_back(origin, std::move(older));
  pools.give_back(origin, std::move(younger));
  EXPECT_EQ(pools.take(origin).get(), expected);
  EXPECT_EQ(pools.idle(), 1u);
}

TEST_F(UpstreamPools, OnlyTheSameOriginShares) {
  Pools pools(io, deadlines, clock);
  TcpSocket end(io);
  pools.give_back(origin, connect(end));
  EXPECT_FALSE(pools.take({"b.test", 443, true, ""}));
  EXPECT_FALSE(pools.take({"a.test", 444, true, ""}));
  EXPECT_FALSE(pools.take({"a.test", 443, false, ""}));
  EXPECT_FALSE(pools.take({"a.test", 443, true, "/other/ca.pem"}));
  EXPECT_FALSE(pools.take({"a.test", 443, true, "", "proxy:3128"}));
  EXPECT_TRUE(pools.take(origin));
}

TEST_F(UpstreamPools, WhatWasClosedOrSpokeWhileIdleIsNotUsed) {
  Pools pools(io, deadlines, clock);
  TcpSocket closing(io);
  TcpSocket speaking(io);
  TcpSocket silent(io);
  auto good = connect(silent);
  const Connection* expected = good.get();
  pools.give_back(origin, std::move(good));
  pools.give_back(origin, connect(closing));
  pools.give_back(origin, connect(speaking));
  closing.close();
  net::write(speaking, net::buffer("HTTP/1.1 408 Request Timeout\r\n\r\n", 32));
  EXPECT_EQ(pools.take(origin).get(), expected);
  EXPECT_EQ(pools.idle(), 0u);
}

TEST_F(UpstreamPools, TheOldestGoesWhenTheShelfIsFull) {
  Pools pools(io, deadlines, clock, {.idle_per_origin = 2});
  TcpSocket ends[3] = {TcpSocket(io), TcpSocket(io), TcpSocket(io)};
  for (TcpSocket& end : ends) pools.give_back(origin, connect(end));
  EXPECT_EQ(pools.idle(), 2u);
  char byte = 0;
  error_code error;
  ends[0].read_some(net::buffer(&byte, 1), error);
  EXPECT_EQ(error, net::error::eof);
}

TEST_F(UpstreamPools, AnOldConnectionIsNotUsedAndIsSweptAway) {
  Pools pools(io, deadlines, clock, {.idle_age = milliseconds(1000)});
  TcpSocket one(io);
  TcpSocket two(io);
  pools.give_back(origin, connect(one));
  clock.advance(milliseconds(999));
  pools.give_back(origin, connect(two));
  clock.advance(milliseconds(100));
  deadlines.advance(clock.now());
  EXPECT_EQ(pools.idle(), 1u);
  clock.advance(milliseconds(900));
  EXPECT_FALSE(pools.take(origin));

  TcpSocket three(io);
  pools.give_back(origin, connect(three));
  clock.advance(milliseconds(3000));
  deadlines.advance(clock.now());
  EXPECT_EQ(pools.idle(), 0u);
  EXPECT_EQ(deadlines.pending(), 0u);
}

TEST_F(UpstreamPools, ClearClosesEverything) {
  Pools pools(io, deadlines, clock);
  TcpSocket end(io);
  pools.give_back(origin, connect(end));
  pools.clear();
  EXPECT_EQ(pools.idle(), 0u);
  EXPECT_EQ(deadlines.pending(), 0u);
  EXPECT_FALSE(pools.take(origin));
}

}  // namespace
}  // namespace gateway::upstream

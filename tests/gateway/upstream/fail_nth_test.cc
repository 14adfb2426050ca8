// Every point where an exchange touches its connection fails once: whatever the point,
// the exchange ends with an answer or an error, nothing is left in the pool that should
// not be, and nothing hangs.

#include <cstddef>
#include <memory>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "gateway/upstream/connection.h"
#include "tests/gateway/upstream/exchange_rig.h"
#include "tests/gateway/upstream/scripted_upstream.h"

namespace gateway::upstream {
namespace {

using config::ErrorCode;
using test::ExchangeRig;
using test::Peer;
using test::ScriptedUpstream;

struct Fault {
  enum class Kind { error, end, closed };
  Kind kind = Kind::error;
  int countdown = 0;  // strikes when it reaches zero
  bool struck = false;
  std::size_t piece = 1 << 20;  // moved at most at a time
};

// A connection that breaks at one of its operations.
class FaultyConnection final : public Connection {
 public:
  FaultyConnection(TcpSocket socket, Fault& fault)
      : Connection(TcpSocket(socket.get_executor())), real_(std::move(socket)), fault_(fault) {
    // The base waits on the same descriptor's twin.
    socket_.assign(Tcp::v4(), ::dup(real_.native_handle()));
  }

  Io read_now(net::mutable_buffer into) override {
    if (strikes()) return failure();
    Io io;
    io.bytes = real_.read_some(net::buffer(into, fault_.piece), io.error);
    return io;
  }

  Io write_now(std::span<const net::const_buffer> ranges) override {
    if (strikes()) return failure();
    Io io;
    io.bytes = real_.write_some(net::buffer(ranges.front(), fault_.piece), io.error);
    return io;
  }

  bool quiet() override { return !strikes() && Connection::quiet(); }

 private:
  bool strikes() {
    if (fault_.struck || --fault_.countdown > 0) return false;
    fault_.struck = true;
    return true;
  }

  Io failure() {
    switch (fault_.kind) {
      case Fault::Kind::end:
        return {net::error::eof, 0};
      case Fault::Kind::closed:
        close();
        return {net::error::would_block, 0};
      default:
        return {net::error::connection_reset, 0};
    }
  }

  TcpSocket real_;
  Fault& fault_;
};

class FailNth : public testing::TestWithParam<Fault::Kind> {};

TEST_P(FailNth, AnyPointOfAPooledExchangeMayFail) {
  for (const std::size_t piece : {std::size_t{7}, std::size_t{1 << 20}}) {
    const std::string answer =
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6\r\n "
        "world\r\n0\r\n\r\n";
    ScriptedUpstream upstream([&](Peer& peer) {
      while (peer.read()) peer.send(answer);
    });
    const auto target = test::target_at(upstream.port());

    bool reached_the_end = false;
    for (int n = 1; n < 500 && !reached_the_end; ++n) {
      SCOPED_TRACE(n);
      ExchangeRig rig;
      Fault fault{.kind = GetParam(), .countdown = n, .piece = piece};
      TcpSocket socket(rig.io);
      socket.connect({net::ip::make_address("127.0.0.1"), upstream.port()});
      socket.non_blocking(true);
      rig.pools.give_back(origin_of(target),
                          std::make_unique<FaultyConnection>(std::move(socket), fault));

      const auto result = rig.ask(target);
      reached_the_end = !fault.struck;
      if (result) {
        EXPECT_EQ(result->body, "hello world");
        EXPECT_EQ(rig.pools.idle(), 1u);
        // Replaced by a fresh one where the fault struck before a byte of answer.
        EXPECT_EQ(rig.last_reused, !fault.struck);
      } else {
        EXPECT_TRUE(fault.struck);
        EXPECT_EQ(result.error().code, ErrorCode::upstream_unavailable) << result.error().detail;
        EXPECT_EQ(rig.pools.idle(), 0u);
        EXPECT_TRUE(rig.last_written);
      }
    }
    EXPECT_TRUE(reached_the_end);
  }
}

INSTANTIATE_TEST_SUITE_P(Faults, FailNth,
                         testing::Values(Fault::Kind::error, Fault::Kind::end,
                                         Fault::Kind::closed));

}  // namespace
}  // namespace gateway::upstream

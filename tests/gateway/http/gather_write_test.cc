#include "gateway/http/gather_write.h"

#include <string>

#include <boost/asio/async_result.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <gtest/gtest.h>

namespace gateway::http {
namespace {

// Takes at most so many bytes per write, and fails at the nth.
struct Trickle {
  net::io_context& io;
  std::size_t at_most;
  int fails_at = 0;
  int writes = 0;
  std::string taken{};

  template <class Buffers, class Token>
  auto async_write_some(const Buffers& buffers, Token&& token) {
    const auto start = [this, buffers](auto handler) {
      error_code error;
      std::size_t written = 0;
      if (++writes == fails_at) {
        error = net::error::broken_pipe;
      } else {
        for (const net::const_buffer& buffer : buffers) {
          const std::size_t part = std::min(buffer.size(), at_most - written);
          taken.append(static_cast<const char*>(buffer.data()), part);
          written += part;
        }
      }
      net::post(io, [handler = std::move(handler), error, written]() mutable {
        std::move(handler)(error, written);
      });
    };
    return net::async_initiate<Token, void(error_code, std::size_t)>(start, token);
  }
};

error_code write(GatherWrite& gather, Trickle& stream) {
  error_code result;
  net::co_spawn(
      stream.io,
      [](GatherWrite& from, Trickle& to, error_code& out) -> Awaitable<void> {
        out = co_await from.write_to(to);
      }(gather, stream, result),
      net::detached);
  stream.io.restart();
  stream.io.run();
  return result;
}

TEST(GatherWrite, WritesEveryRangeInOrderHoweverLittleIsTaken) {
  providers::Body body;
  body.own("owned ");
  body.borrow("borrowed ");
  body.own("owned again");
  for (std::size_t at_most = 1; at_most < 40; ++at_most) {
    net::io_context io;
    GatherWrite gather;
    gather.add("head ");
    gather.add("");
    gather.add(body);
    Trickle stream{io, at_most};
    EXPECT_FALSE(write(gather, stream));
    EXPECT_EQ(stream.taken, "head owned borrowed owned again") << at_most;
  }
}

TEST(GatherWrite, ManyRangesAreOneWriteWhereTheSocketTakesThem) {
  net::io_context io;
  GatherWrite gather;
  for (int i = 0; i < 200; ++i) gather.add("xy");
  Trickle stream{io, 1'000'000};
  EXPECT_FALSE(write(gather, stream));
  EXPECT_EQ(stream.taken.size(), 400U);
  EXPECT_EQ(stream.writes, 1);
}

TEST(GatherWrite, AnErrorAtAnyWriteIsReported) {
  for (int nth = 1; nth <= 5; ++nth) {
    net::io_context io;
    GatherWrite gather;
    gather.add("0123456789");
    Trickle stream{io, 2, nth};
    EXPECT_EQ(write(gather, stream), net::error::broken_pipe);
    EXPECT_EQ(stream.writes, nth);
  }
}

}  // namespace
}  // namespace gateway::http

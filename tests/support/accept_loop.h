#pragma once
// Accepts on a free loopback port and gives each connection to a coroutine, on a thread of its
// own that runs `io`. The last of what it serves with to be made: it ends first, and then nothing
// runs any more.

#include <cstdint>
#include <functional>
#include <thread>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace test {

class AcceptLoop {
 public:
  using Socket = boost::asio::ip::tcp::socket;
  using Serve = std::function<boost::asio::awaitable<void>(Socket)>;

  AcceptLoop(boost::asio::io_context& io, Serve serve)
      : io_(io),
        serve_(std::move(serve)),
        acceptor_(io, {boost::asio::ip::address_v4::loopback(), 0}),
        thread_([this] {
          boost::asio::co_spawn(io_, accept(), boost::asio::detached);
          io_.run();
        }) {}
  ~AcceptLoop() {
    io_.stop();
    thread_.join();
  }
  AcceptLoop(const AcceptLoop&) = delete;
  AcceptLoop& operator=(const AcceptLoop&) = delete;

  std::uint16_t port() const { return acceptor_.local_endpoint().port(); }

 private:
  boost::asio::awaitable<void> accept() {
    constexpr auto kAsTuple = boost::asio::as_tuple(boost::asio::use_awaitable);
    for (;;) {
      auto [failed, socket] = co_await acceptor_.async_accept(kAsTuple);
      if (failed) co_return;
      boost::asio::co_spawn(io_, serve_(std::move(socket)), boost::asio::detached);
    }
  }

  boost::asio::io_context& io_;
  const Serve serve_;
  boost::asio::ip::tcp::acceptor acceptor_;
  std::thread thread_;
};

}  // namespace test

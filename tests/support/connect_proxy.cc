#include "tests/support/connect_proxy.h"

#include <array>
#include <charconv>
#include <mutex>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include "tests/support/accept_loop.h"

namespace test {

namespace net = boost::asio;
using Socket = net::ip::tcp::socket;
using boost::system::error_code;

namespace {

constexpr auto kAsTuple = net::as_tuple(net::use_awaitable);
constexpr std::size_t kMostHead = 16 * 1024;

// Of "CONNECT host:PORT HTTP/1.1…"; 0: it is none.
std::uint16_t port_asked(std::string_view head) {
  if (!head.starts_with("CONNECT ")) return 0;
  const auto target = head.substr(8, head.find(' ', 8) - 8);
  const auto digits = target.substr(target.rfind(':') + 1);
  std::uint16_t port = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), port);
  return port;
}

}  // namespace

struct ConnectProxy::Running {
  struct Pair {
    explicit Pair(Socket from, net::io_context& io) : client(std::move(from)), upstream(io) {}
    Socket client;
    Socket upstream;
  };
  using PairPointer = std::shared_ptr<Pair>;

  net::awaitable<void> serve(Socket socket) {
    const auto pair = std::make_shared<Pair>(std::move(socket), io);
    std::string head;
    const auto [failed, size] = co_await net::async_read_until(
        pair->client, net::dynamic_buffer(head, kMostHead), "\r\n\r\n", kAsTuple);
    if (failed) co_return;
    std::string refusal;
    bool silent = false;
    {
      const std::lock_guard lock(mutex);
      heads.push_back(head.substr(0, size));
      refusal = answer;
      silent = mute;
    }
    if (silent) {
      net::steady_timer never(io, std::chrono::hours(1));
      co_await never.async_wait(kAsTuple);
    }
    const auto port = port_asked(head);
    if (refusal.empty() && port == 0) refusal = "HTTP/1.1 405 Method Not Allowed\r\n\r\n";
    if (refusal.empty()) {
      const net::ip::tcp::endpoint upstream(net::ip::address_v4::loopback(), port);
      const auto [lost] = co_await pair->upstream.async_connect(upstream, kAsTuple);
      if (lost) refusal = "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n";
    }
    const std::string says =
        refusal.empty() ? "HTTP/1.1 200 Connection established\r\n\r\n" : refusal;
    const auto [unsent, sent] =
        co_await net::async_write(pair->client, net::buffer(says), kAsTuple);
    if (unsent || !refusal.empty()) co_return;
    net::co_spawn(io, pass(pair, pair->client, pair->upstream), net::detached);
    co_await pass(pair, pair->upstream, pair->client);
  }

  // `pair` owns both.
  static net::awaitable<void> pass(PairPointer pair, Socket& from, Socket& to) {
    std::array<char, 16 * 1024> bytes;
    error_code ignored;
    for (;;) {
      const auto [ended, size] = co_await from.async_read_some(net::buffer(bytes), kAsTuple);
      if (ended) break;
      const auto [failed, sent] =
          co_await net::async_write(to, net::buffer(bytes.data(), size), kAsTuple);
      if (failed) break;
    }
    to.shutdown(Socket::shutdown_send, ignored);
  }

  net::io_context io{1};
  mutable std::mutex mutex;
  std::vector<std::string> heads;
  std::string answer;
  bool mute = false;
  AcceptLoop accepting{io, [this](Socket socket) { return serve(std::move(socket)); }};
};

ConnectProxy::ConnectProxy() : running_(std::make_unique<Running>()) {}
ConnectProxy::~ConnectProxy() = default;

std::uint16_t ConnectProxy::port() const {
  return running_->accepting.port();
}

std::vector<std::string> ConnectProxy::asked() const {
  const std::lock_guard lock(running_->mutex);
  return running_->heads;
}

void ConnectProxy::answer_with(std::string bytes) {
  const std::lock_guard lock(running_->mutex);
  running_->answer = std::move(bytes);
  running_->mute = false;
}

void ConnectProxy::say_nothing() {
  const std::lock_guard lock(running_->mutex);
  running_->mute = true;
}

}  // namespace test

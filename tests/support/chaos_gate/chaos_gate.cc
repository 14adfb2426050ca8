#include "tests/support/chaos_gate/chaos_gate.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <future>
#include <list>
#include <span>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include "tests/support/accept_loop.h"

namespace test {

namespace net = boost::asio;
using Socket = net::ip::tcp::socket;
using boost::system::error_code;
using Fault = ChaosPlan::Fault;
using Way = ChaosPlan::Way;

namespace {

constexpr auto kAsTuple = net::as_tuple(net::use_awaitable);
constexpr std::size_t kWaiting = 16 * 1024;
constexpr std::array kNames{"none", "slice", "delay", "stall", "corrupt", "reset", "cut"};

void reset(Socket& socket) {
  error_code ignored;
  socket.set_option(net::socket_base::linger(true, 0), ignored);
  socket.close(ignored);
}

}  // namespace

ChaosPlan ChaosPlan::random(std::mt19937& generator, std::size_t most) {
  const auto up_to = [&](std::size_t high) {
    return std::uniform_int_distribution<std::size_t>(0, high)(generator);
  };
  ChaosPlan out;
  out.fault = static_cast<Fault>(up_to(kNames.size() - 1));
  out.way = up_to(1) == 0 ? Way::up : Way::down;
  out.at = up_to(most);
  out.piece = 1 + up_to(40);
  return out;
}

std::string to_string(const ChaosPlan& plan) {
  return std::string(kNames[static_cast<std::size_t>(plan.fault)]) +
         (plan.way == Way::up ? " up" : " down") + " at " + std::to_string(plan.at) +
         ", pieces of " + std::to_string(plan.piece);
}

struct ChaosGate::Running {
  struct Pair {
    Pair(Socket from_gateway, net::io_context& io, const ChaosPlan& its)
        : gateway(std::move(from_gateway)), upstream(io), plan(its) {}

    Socket gateway;
    Socket upstream;
    const ChaosPlan plan;
    bool struck = false;
  };
  using PairPointer = std::shared_ptr<Pair>;

  explicit Running(std::uint16_t to) : upstream(net::ip::address_v4::loopback(), to) {}

  net::awaitable<void> serve(Socket socket) {
    const auto pair = std::make_shared<Pair>(std::move(socket), io, next);
    open.push_back(pair);
    const auto [failed] = co_await pair->upstream.async_connect(upstream, kAsTuple);
    if (failed) co_return reset(pair->gateway);
    error_code ignored;
    pair->gateway.set_option(net::ip::tcp::no_delay(true), ignored);
    pair->upstream.set_option(net::ip::tcp::no_delay(true), ignored);
    net::co_spawn(io, pass(pair, Way::up), net::detached);
    co_await pass(pair, Way::down);
  }

  net::awaitable<void> pass(PairPointer pair, Way way) {
    Socket& from = way == Way::up ? pair->gateway : pair->upstream;
    Socket& to = way == Way::up ? pair->upstream : pair->gateway;
    const bool hurt = pair->plan.way == way;
    std::array<char, kWaiting> bytes;
    std::size_t passed = 0;
    for (;;) {
      const auto [ended, size] = co_await from.async_read_some(net::buffer(bytes), kAsTuple);
      if (size > 0) {
        const bool on = hurt ? co_await pass_hurt(*pair, from, to, {bytes.data(), size}, passed)
                             : co_await write(to, {bytes.data(), size});
        if (!on) co_return;
        passed += size;
      }
      if (!ended) continue;
      error_code ignored;
      if (ended == net::error::eof) {
        to.shutdown(Socket::shutdown_send, ignored);
      } else {
        reset(to);
      }
      co_return;
    }
  }

  static net::awaitable<bool> write(Socket& to, std::span<char> bytes) {
    const auto [failed, sent] =
        co_await net::async_write(to, net::buffer(bytes.data(), bytes.size()), kAsTuple);
    co_return !failed;
  }

  // False: nothing more passes this way.
  net::awaitable<bool> pass_hurt(Pair& pair, Socket& from, Socket& to, std::span<char> bytes,
                                 std::size_t passed) {
    const ChaosPlan& plan = pair.plan;
    if (plan.fault == Fault::slice) {
      strike(pair);
      for (; !bytes.empty(); bytes = bytes.subspan(std::min(plan.piece, bytes.size()))) {
        if (!co_await write(to, bytes.first(std::min(plan.piece, bytes.size())))) co_return false;
      }
      co_return true;
    }
    const bool here =
        plan.fault != Fault::none && plan.at >= passed && plan.at - passed < bytes.size();
    if (!here) co_return co_await write(to, bytes);
    strike(pair);
    const std::size_t before = plan.at - passed;
    if (plan.fault == Fault::corrupt) {
      bytes[before] = static_cast<char>(~bytes[before]);
      co_return co_await write(to, bytes);
    }
    if (before > 0 && !co_await write(to, bytes.first(before))) co_return false;
    if (plan.fault == Fault::delay) {
      net::steady_timer timer(io, plan.pause);
      co_await timer.async_wait(kAsTuple);
      co_return co_await write(to, bytes.subspan(before));
    }
    if (plan.fault == Fault::reset) {
      reset(pair.gateway);
      reset(pair.upstream);
    } else if (plan.fault == Fault::cut) {
      error_code ignored;
      to.shutdown(Socket::shutdown_send, ignored);
      from.shutdown(Socket::shutdown_receive, ignored);
    }
    // A stall: the socket stays open with the pair.
    co_return false;
  }

  void strike(Pair& pair) {
    if (!pair.struck) ++struck;
    pair.struck = true;
  }

  void change(const ChaosPlan& plan) {
    next = plan;
    for (const PairPointer& pair : open) {
      // The gateway sees an end in order, as from a server that closes idle connections.
      error_code ignored;
      pair->gateway.shutdown(Socket::shutdown_both, ignored);
      pair->upstream.close(ignored);
    }
    open.clear();
  }

  net::io_context io{1};
  const net::ip::tcp::endpoint upstream;
  ChaosPlan next;
  std::list<PairPointer> open;
  std::atomic<std::size_t> struck{0};
  AcceptLoop accepting{io, [this](Socket socket) { return serve(std::move(socket)); }};
};

ChaosGate::ChaosGate(std::uint16_t upstream) : running_(std::make_unique<Running>(upstream)) {}
ChaosGate::~ChaosGate() = default;

std::uint16_t ChaosGate::port() const {
  return running_->accepting.port();
}

void ChaosGate::plan(const ChaosPlan& next) {
  std::promise<void> done;
  net::post(running_->io, [&] {
    running_->change(next);
    done.set_value();
  });
  done.get_future().wait();
}

std::size_t ChaosGate::struck() const {
  return running_->struck;
}

}  // namespace test

#include "tests/support/upstream_simulator/simulator.h"

#include <algorithm>
#include <list>
#include <thread>
#include <vector>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "tests/support/upstream_simulator/connection.h"

namespace simulator {

namespace net = boost::asio;
using net::ip::tcp;

struct Simulator::Running {
  explicit Running(const Options& options)
      : handler(state, options.pace, options.run),
        tls(net::ssl::context::tls_server),
        uses_tls(!options.certificate_file.empty()),
        tls_stalls(options.tls_stalls) {
    if (uses_tls) {
      tls.use_certificate_chain_file(options.certificate_file);
      tls.use_private_key_file(options.key_file, net::ssl::context::pem);
    }
    for (int thread = 0; thread < std::max(options.threads, 1); ++thread) contexts.emplace_back(1);
    acceptor.emplace(contexts.front(),
                     tcp::endpoint(net::ip::address_v4::loopback(), options.port));
    port = acceptor->local_endpoint().port();
    net::co_spawn(contexts.front(), accept(), net::detached);
    for (auto& context : contexts)
      threads.emplace_back([&context] {
        const auto work = net::make_work_guard(context);
        context.run();
      });
  }

  ~Running() { stop(); }

  void stop() {
    for (auto& context : contexts) context.stop();
    for (auto& thread : threads) thread.join();
    threads.clear();
    // Connections are coroutines of their contexts and end with them.
    stalled.clear();
    acceptor.reset();
    contexts.clear();
  }

  net::awaitable<void> accept() {
    auto next = contexts.begin();
    for (;;) {
      tcp::socket socket(*next);
      const auto accepted =
          co_await acceptor->async_accept(socket, net::as_tuple(net::use_awaitable));
      if (std::get<0>(accepted)) {
        // Out of descriptors, most likely: give the connections time to end.
        net::steady_timer timer(contexts.front(), std::chrono::milliseconds(10));
        co_await timer.async_wait(net::as_tuple(net::use_awaitable));
        continue;
      }
      if (tls_stalls) {
        stalled.push_back(std::move(socket));
        continue;
      }
      net::co_spawn(*next,
                    serve_connection(std::move(socket), uses_tls ? &tls : nullptr, handler, state),
                    net::detached);
      if (++next == contexts.end()) next = contexts.begin();
    }
  }

  // In this order, so that connections end before what they use.
  State state;
  Handler handler;
  net::ssl::context tls;
  const bool uses_tls;
  const bool tls_stalls;
  std::uint16_t port = 0;
  std::list<net::io_context> contexts;
  std::list<tcp::socket> stalled;
  std::optional<tcp::acceptor> acceptor;
  std::vector<std::thread> threads;
};

Simulator::Simulator(Options options) : running_(std::make_unique<Running>(options)) {}
Simulator::~Simulator() = default;

std::uint16_t Simulator::port() const {
  return running_->port;
}

std::string Simulator::url(std::string_view path) const {
  return (running_->uses_tls ? "https://127.0.0.1:" : "http://127.0.0.1:") +
         std::to_string(port()) + std::string(path);
}

State& Simulator::state() {
  return running_->state;
}

void Simulator::stop() {
  running_->stop();
}

}  // namespace simulator

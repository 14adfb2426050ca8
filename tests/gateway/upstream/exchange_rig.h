#pragma once
// What an Exchange needs around it, on the test's own thread: an io_context run to the
// end of one coroutine, with a limit so that a hang is a failure.

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <optional>
#include <string>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "config/base/clock.h"
#include "config/config.h"
#include "gateway/async.h"
#include "gateway/deadlines.h"
#include "gateway/upstream/exchange.h"
#include "gateway/upstream/pool.h"

namespace test {

inline config::Target target_at(std::uint16_t port, const std::string& host = "127.0.0.1") {
  config::Target target;
  target.name = config::TargetName("mock/model");
  target.base_url.tls = false;
  target.base_url.host = host;
  target.base_url.port = port;
  target.base_url.host_header = host + ":" + std::to_string(port);
  return target;
}

inline providers::UpstreamRequest chat_request(std::string_view body = R"({"model":"m"})") {
  providers::UpstreamRequest request;
  request.path = "/v1/chat/completions";
  request.headers.emplace_back("Authorization", "Bearer secret-key");
  request.body.own(body);
  return request;
}

struct Answer {
  int status = 0;
  std::string body;
};

class ExchangeRig {
 public:
  explicit ExchangeRig(gateway::upstream::PoolLimits limits = {},
                       gateway::upstream::Resolver::Lookup lookup = {})
      : pools(io, deadlines, clock, limits, std::move(lookup)) {}

  template <class T>
  T run(gateway::Awaitable<T> what) {
    std::optional<T> result;
    std::exception_ptr thrown;
    gateway::net::co_spawn(io, std::move(what), [&](std::exception_ptr error, T value) {
      thrown = std::move(error);
      result.emplace(std::move(value));
    });
    io.restart();
    const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!result && std::chrono::steady_clock::now() < give_up) {
      io.run_one_for(std::chrono::seconds(1));
    }
    if (thrown) std::rethrow_exception(thrown);
    if (!result) {
      // Its references are about to go: nothing sound can follow.
      std::fputs("the coroutine did not end\n", stderr);
      std::abort();
    }
    return *std::move(result);
  }

  // A whole exchange, body read at once.
  config::Result<Answer> ask(const config::Target& target,
                             const providers::UpstreamRequest& request,
                             std::size_t limit = 16 * 1024 * 1024) {
    return run(whole(target, request, limit));
  }
  config::Result<Answer> ask(const config::Target& target) {
    const auto request = chat_request();
    return ask(target, request);
  }

  // The same, read as a stream comes.
  config::Result<Answer> ask_piecewise(const config::Target& target) {
    auto request = chat_request();
    request.streamed = true;
    return run(piecewise(target, request));
  }

  gateway::net::io_context io{1};
  config::SystemClock clock;
  gateway::Deadlines deadlines{io, clock};
  gateway::upstream::Pools pools;
  bool last_written = false;
  bool last_reused = false;

 private:
  gateway::Awaitable<config::Result<Answer>> whole(const config::Target& target,
                                                   const providers::UpstreamRequest& request,
                                                   std::size_t limit) {
    gateway::upstream::Exchange exchange(pools, target);
    auto head = co_await exchange.start(request);
    last_written = exchange.written();
    last_reused = exchange.reused();
    if (!head) co_return std::move(head).error();
    auto body = co_await exchange.read_all(limit);
    if (!body) co_return std::move(body).error();
    co_return Answer{head->status, std::string(*body)};
  }

  gateway::Awaitable<config::Result<Answer>> piecewise(const config::Target& target,
                                                       const providers::UpstreamRequest& request) {
    gateway::upstream::Exchange exchange(pools, target);
    auto head = co_await exchange.start(request);
    last_written = exchange.written();
    last_reused = exchange.reused();
    if (!head) co_return std::move(head).error();
    Answer answer{head->status, {}};
    for (;;) {
      auto bytes = co_await exchange.read_some();
      if (!bytes) co_return std::move(bytes).error();
      if (bytes->empty()) break;
      answer.body.append(*bytes);
    }
    co_return answer;
  }
};

}  // namespace test

#include "gateway/upstream/race.h"

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "gateway/upstream/errors.h"

namespace gateway::upstream {
namespace {

// v6, v4, v6, v4 …, beginning with the family the system put first.
std::vector<Tcp::endpoint> in_turns(const Addresses& addresses, std::uint16_t port) {
  std::vector<Tcp::endpoint> first_family;
  std::vector<Tcp::endpoint> other_family;
  for (const auto& address : addresses) {
    const bool first = address.is_v6() == addresses.front().is_v6();
    (first ? first_family : other_family).emplace_back(address, port);
  }
  std::vector<Tcp::endpoint> order;
  for (std::size_t i = 0; i < std::max(first_family.size(), other_family.size()); ++i) {
    if (i < first_family.size()) order.push_back(first_family[i]);
    if (i < other_family.size()) order.push_back(other_family[i]);
  }
  return order;
}

}  // namespace

struct Race::State {
  State(const Executor& e, Signal& w) : executor(e), wake(&w) {}

  Executor executor;
  Signal* wake;          // nullptr: the Race is over
  Race* race = nullptr;  // nullptr: likewise
  std::vector<Tcp::endpoint> endpoints;
  std::vector<TcpSocket> sockets;  // one per endpoint started; reserved, so they stay in place
  std::size_t failed = 0;
  std::optional<std::size_t> winner;
  std::string last_failure = "given up";
  bool out_of_descriptors = false;
};

Race::Race(const Executor& executor, Deadlines& deadlines, Signal& wake)
    : state_(std::make_shared<State>(executor, wake)),
      head_start_(deadlines, [](void* race) { static_cast<Race*>(race)->start_next(); }, this) {
  state_->race = this;
}

Race::~Race() {
  state_->race = nullptr;
  state_->wake = nullptr;
  for (TcpSocket& socket : state_->sockets) {
    error_code ignored;
    socket.close(ignored);
  }
}

void Race::start_next() {
  const std::size_t index = state_->sockets.size();
  if (index == state_->endpoints.size()) return;
  TcpSocket& socket = state_->sockets.emplace_back(state_->executor);
  if (index + 1 < state_->endpoints.size()) head_start_.set(kHeadStart);

  socket.async_connect(state_->endpoints[index], [state = state_, index](error_code error) {
    if (state->race == nullptr || state->winner) return;
    if (!error) {
      state->winner = index;
      state->wake->announce();
      return;
    }
    ++state->failed;
    state->out_of_descriptors = error.value() == EMFILE || error.value() == ENFILE;
    state->last_failure =
        fmt::format("{} port {}: {}", state->endpoints[index].address().to_string(),
                    state->endpoints[index].port(), error.message());
    if (state->failed == state->endpoints.size()) {
      state->wake->announce();
      return;
    }
    if (state->failed == state->sockets.size()) state->race->start_next();
  });
}

Awaitable<config::Result<TcpSocket>> Race::run(const Addresses& addresses, std::uint16_t port) {
  state_->endpoints = in_turns(addresses, port);
  state_->sockets.reserve(state_->endpoints.size());
  start_next();
  co_await state_->wake->wait();
  head_start_.clear();
  const auto first = state_->winner;
  if (!first) {
    std::string detail = fmt::format("connect: {}", state_->last_failure);
    if (state_->out_of_descriptors) co_return no_descriptor(std::move(detail));
    co_return unavailable(std::move(detail));
  }

  TcpSocket winner = std::move(state_->sockets[*first]);
  error_code ignored;
  winner.set_option(Tcp::no_delay(true), ignored);
  winner.non_blocking(true, ignored);
  co_return winner;
}

}  // namespace gateway::upstream

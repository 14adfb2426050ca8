#include "gateway/http/listener.h"

#include <utility>

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "gateway/http/connection.h"

namespace gateway::http {

namespace {

using Acceptor = net::basic_socket_acceptor<Tcp, Executor>;
using Timer = net::basic_waitable_timer<std::chrono::steady_clock,
                                        net::wait_traits<std::chrono::steady_clock>, Executor>;

// Without a free descriptor accept() fails at once, and would again at once.
constexpr std::chrono::milliseconds kPauseWithoutDescriptors{100};

}  // namespace

// Shared with the coroutine that accepts.
struct Listener::State {
  State(net::io_context& io, Door& served) : acceptor(io), pause(io), door(served) {}

  static Awaitable<void> accept(std::shared_ptr<State> self) {
    while (self->acceptor.is_open()) {
      auto accepted = co_await self->acceptor.async_accept(kAsTuple);
      auto& [error, socket] = accepted;
      if (!error) {
        self->take(std::move(socket));
      } else if (error == net::error::operation_aborted) {
        co_return;
      } else if (error != net::error::connection_aborted) {
        self->pause.expires_after(kPauseWithoutDescriptors);
        co_await self->pause.async_wait(kAsTuple);
      }
    }
  }

  void close() {
    error_code ignored;
    acceptor.close(ignored);
    pause.cancel();
  }

  void take(TcpSocket socket) {
    error_code ignored;
    socket.set_option(Tcp::no_delay(true), ignored);
    const bool counted = door.count.enter();
    if (!counted && !door.count.turn_away()) return;
    Connection::start(door, std::move(socket), counted);
  }

  Acceptor acceptor;
  Timer pause;
  Door& door;
};

Listener::Listener(net::io_context& io, ListeningSocket socket, Door& door)
    : state_(std::make_shared<State>(io, door)) {
  const auto protocol = socket.is_v6() ? Tcp::v6() : Tcp::v4();
  state_->acceptor.assign(protocol, socket.release());
  state_->acceptor.non_blocking(true);
}

Listener::~Listener() {
  state_->close();
}

std::uint16_t Listener::port() const {
  error_code ignored;
  return state_->acceptor.local_endpoint(ignored).port();
}

int Listener::descriptor() const {
  return state_->acceptor.native_handle();
}

void Listener::start() {
  net::co_spawn(state_->acceptor.get_executor(), State::accept(state_), net::detached);
}

void Listener::stop() {
  if (!state_->acceptor.is_open()) return;
  // Closing the socket would reset whoever is in its queue.
  error_code error;
  while (true) {
    TcpSocket waiting(state_->acceptor.get_executor());
    state_->acceptor.accept(waiting, error);
    if (error) break;
    state_->take(std::move(waiting));
  }
  state_->close();
}

}  // namespace gateway::http

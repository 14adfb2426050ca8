#include "gateway/http/client_watch.h"

#include <chrono>
#include <poll.h>
#include <utility>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>

#include "gateway/deadlines.h"
#include "gateway/http/connection.h"
#include "gateway/http/reply.h"

namespace gateway::http {

namespace {

// Who is answered sooner has hardly had the time to leave, and is not watched.
constexpr std::chrono::milliseconds kFirstLook{20};
// A socket with unread bytes is always readable: its end has to be asked for.
constexpr std::chrono::milliseconds kLookAgain{50};

bool has_ended(int socket) {
  pollfd asked{.fd = socket, .events = POLLRDHUP, .revents = 0};
  return ::poll(&asked, 1, 0) > 0;
}

}  // namespace

// Shared with the wait under way, whose handler runs once more after the watch has gone.
struct ClientWatch::State : std::enable_shared_from_this<ClientWatch::State> {
  State(Connection& watched, std::function<void()> when_left, std::function<void()> when_hurried)
      : connection(watched),
        left(std::move(when_left)),
        hurried(std::move(when_hurried)),
        next_look(
            watched.deadlines(), [](void* self) { static_cast<State*>(self)->look(); }, this) {
    next_look.set(kFirstLook);
  }

  void wait() {
    connection.socket().async_wait(
        TcpSocket::wait_read,
        net::bind_cancellation_slot(
            stop.slot(), [self = shared_from_this()](error_code error) { self->woken(error); }));
  }

  void woken(error_code error) {
    if (over) return;
    if (error) return end();
    look();
  }

  void look() {
    switch (connection.transport().look()) {
      case Transport::Client::quiet:
        return wait();
      case Transport::Client::sending:
        if (has_ended(connection.socket().native_handle())) return end();
        return next_look.set(kLookAgain);
      case Transport::Client::gone:
        return end();
    }
  }

  void end() {
    if (over) return;
    gone = true;
    stop_watching();
    left();
  }

  void stop_watching() {
    over = true;
    next_look.clear();
    stop.emit(net::cancellation_type::all);
  }

  Connection& connection;
  std::function<void()> left;
  std::function<void()> hurried;
  net::cancellation_signal stop;
  Deadline next_look;
  bool over = false;
  bool gone = false;
};

ClientWatch::ClientWatch(Reply& reply, std::function<void()> left, std::function<void()> hurried)
    : state_(std::make_shared<State>(reply.connection(), std::move(left), std::move(hurried))) {
  state_->connection.watched_by(*this);
  state_->wait();
}

ClientWatch::~ClientWatch() {
  state_->connection.unwatched_by(*this);
  state_->stop_watching();
}

bool ClientWatch::client_left() const {
  return state_->gone;
}

void ClientWatch::end() {
  state_->end();
}

void ClientWatch::hurry() {
  if (state_->hurried) state_->hurried();
}

void ClientWatch::cut() {
  state_->end();
  hurry();
}

}  // namespace gateway::http

#include "gateway/http/client_watch.h"

#include <cerrno>
#include <sys/socket.h>
#include <utility>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>

namespace gateway::http {

// Shared with the wait under way, whose handler runs once more after the watch has gone.
struct ClientWatch::State : std::enable_shared_from_this<ClientWatch::State> {
  State(TcpSocket& watched, std::function<void()> when_left)
      : socket(watched), left(std::move(when_left)) {}

  void wait() {
    socket.async_wait(
        TcpSocket::wait_read,
        net::bind_cancellation_slot(
            stop.slot(), [self = shared_from_this()](error_code error) { self->woken(error); }));
  }

  void woken(error_code error) {
    if (over) return;
    if (!error) {
      char byte = 0;
      const auto peeked =
          ::recv(socket.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT | MSG_NOSIGNAL);
      if (peeked > 0) return;
      if (peeked < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) return wait();
    }
    gone = over = true;
    left();
  }

  TcpSocket& socket;
  std::function<void()> left;
  net::cancellation_signal stop;
  bool over = false;
  bool gone = false;
};

ClientWatch::ClientWatch(TcpSocket& socket, std::function<void()> left)
    : state_(std::make_shared<State>(socket, std::move(left))) {
  state_->wait();
}

ClientWatch::~ClientWatch() {
  state_->over = true;
  state_->stop.emit(net::cancellation_type::all);
}

bool ClientWatch::client_left() const {
  return state_->gone;
}

}  // namespace gateway::http

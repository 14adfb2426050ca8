#include "gateway/http/connection.h"

#include <algorithm>
#include <cstring>
#include <exception>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "gateway/http/client_watch.h"
#include "gateway/http/refusals.h"
#include "gateway/http/reply.h"
#include "providers/error_json.h"

namespace gateway::http {

using config::Error;
using config::ErrorCode;
using config::failure;
using config::Result;
using std::chrono::milliseconds;

namespace {

// After an answer the client does not expect yet: how long and how much we listen on, so
// that its unread bytes do not make the kernel reset what we said.
constexpr milliseconds kFarewell{2'000};
// The least a body must bring, on the average, once the first limit has passed.
constexpr std::size_t kBodyBytesPerSecond = 1024;
constexpr milliseconds kBodyCheck{1'000};
constexpr std::size_t kFarewellBytes = 4 * 1024 * 1024;

}  // namespace

Connection::Connection(Door& door, TcpSocket socket, bool counted)
    : Task(door.tasks),
      door_(door),
      transport_(std::move(socket)),
      counted_(counted),
      deadline_(
          door.deadlines, [](void* self) { static_cast<Connection*>(self)->expired(); }, this),
      body_share_(door.room != nullptr ? &door.room->body_bytes : nullptr),
      place_(door.room != nullptr ? &door.room->requests : nullptr) {
  if (counted_ && door_.on_connection) door_.on_connection(true);
}

Connection::~Connection() {
  if (!counted_) {
    door_.count.turned_away();
    return;
  }
  door_.count.leave();
  if (door_.on_connection) door_.on_connection(false);
}

void Connection::start(Door& door, TcpSocket socket, bool counted) {
  const Executor executor = socket.get_executor();
  auto connection = std::make_unique<Connection>(door, std::move(socket), counted);
  net::co_spawn(executor, run(std::move(connection)), net::detached);
}

Awaitable<void> Connection::run(std::unique_ptr<Connection> self) {
  try {
    const bool ready = !self->door_.tls || co_await self->secure();
    if (ready && self->counted_) {
      for (bool more = true; more; self->end_request()) more = co_await self->serve_one();
    } else if (ready) {
      co_await self->turn_away();
    }
    if (self->more_may_come_) {
      co_await self->farewell();
    } else if (!self->abandoned_) {
      self->transport_.say_goodbye();
    }
  } catch (const std::exception& bug) {
    if (self->door_.on_exception) self->door_.on_exception(self->request_id_, bug.what());
  }
}

Awaitable<bool> Connection::secure() {
  const Handshake result = co_await shake_hands();
  stop_waiting();
  if (door_.tls->on_handshake) door_.tls->on_handshake(result);
  if (result == Handshake::plain_http) {
    closes_ = more_may_come_ = true;
    const Error wrong = failure(ErrorCode::malformed_request,
                                "This port speaks TLS: the address begins with https://.");
    co_await refuse(wrong);
  }
  co_return result == Handshake::done;
}

Awaitable<Handshake> Connection::shake_hands() {
  TlsDoor& ours = *door_.tls;
  wait_for(Waiting::handshake, ours.time_limit);
  const Transport::Greeting greeting = co_await transport_.greeting();
  if (greeting == Transport::Greeting::plain_http) co_return Handshake::plain_http;
  if (greeting == Transport::Greeting::nothing) {
    co_return timed_out_ ? Handshake::timed_out : Handshake::failed;
  }
  // Counted from here on: who says nothing costs us nothing.
  const ConnectionCount::Place place(ours.under_way);
  if (!place) co_return Handshake::too_many;
  const std::shared_ptr<const tls::Server> server = ours.server;
  const error_code failed = co_await transport_.shake_hands(*server, ours.turns);
  if (timed_out_) co_return Handshake::timed_out;
  co_return failed ? Handshake::failed : Handshake::done;
}

// The kernel keeps refused clients waiting, an answer tells them to come back.
Awaitable<void> Connection::turn_away() {
  closes_ = more_may_come_ = true;
  const Error full = try_again(ErrorCode::overloaded, "Too many connections; try again shortly.");
  co_await refuse(full);
}

// One request and its answer; whether the connection lives on.
Awaitable<bool> Connection::serve_one() {
  begin_request();
  const Result<bool> heard = co_await read_head();
  if (heard && !*heard) co_return false;
  if (!heard) {
    // Where its end is unknown, nothing behind it may be read as a request.
    closes_ = more_may_come_ = true;
    co_await refuse(heard.error());
    co_return false;
  }
  door_.ids.mint(request_id_, door_.clock.wall());
  request_.id = request_id_;

  const Result<const Endpoint*> endpoint = admit();
  if (!endpoint || *endpoint == nullptr) {
    plan_for_unread_body();
    if (endpoint) {
      co_await answer_options();
    } else {
      co_await refuse(endpoint.error());
    }
    if (to_discard_ > 0) co_await discard_body();
    co_return !closes_;
  }

  const Result<bool> whole = co_await read_body();
  if (whole && !*whole) co_return false;
  if (!whole) {
    closes_ = more_may_come_ = true;
    co_await refuse(whole.error());
    co_return false;
  }
  co_await answer(**endpoint);
  co_return !closes_;
}

Awaitable<void> Connection::answer(const Endpoint& endpoint) {
  Reply reply(*this);
  bool threw = false;
  try {
    co_await endpoint.handler(request_, reply);
  } catch (const std::exception& bug) {
    threw = true;
    if (door_.on_exception) door_.on_exception(request_id_, bug.what());
  }
  if (reply.finished()) co_return;
  if (!reply.committed()) {
    const Error silent = failure(ErrorCode::internal, "The gateway failed to answer.",
                                 threw ? "exception in a handler" : "a handler did not answer");
    co_await reply.send_error(silent);
  } else {
    abandon();
  }
}

Awaitable<void> Connection::refuse(const Error& error) {
  if (request_id_.empty()) door_.ids.mint(request_id_, door_.clock.wall());
  if (door_.on_refusal) door_.on_refusal({request_id_, request_.path, error});
  Reply reply(*this);
  if (error.code == ErrorCode::method_not_allowed) {
    reply.add_header("Allow", door_.endpoints.allowed(request_.path));
  }
  co_await reply.send_error(error);
}

Awaitable<void> Connection::answer_options() {
  Reply reply(*this);
  reply.add_header("Allow", door_.endpoints.allowed(request_.path));
  const providers::Body nothing;
  co_await reply.send(request_.path == "*" ? 200 : 204, {}, nothing);
}

// The handler's endpoint; nullptr: OPTIONS, which the table answers by itself.
Result<const Endpoint*> Connection::admit() {
  if (line_.method == verb::options) {
    if (door_.endpoints.allowed(request_.path).empty()) {
      return door_.endpoints.nothing_at(request_.path);
    }
    return nullptr;
  }
  const Endpoint* endpoint = door_.endpoints.find(line_.method, request_.path);
  if (endpoint == nullptr) {
    if (door_.endpoints.allowed(request_.path).empty())
      return door_.endpoints.nothing_at(request_.path);
    return failure(ErrorCode::method_not_allowed, "This path is not served with this method.");
  }
  if (endpoint->gate) {
    if (Result<void> open = endpoint->gate(request_); !open) return std::move(open).error();
  }
  if (facts_.content_length.value_or(0) > door_.limits.max_body_bytes) {
    return body_too_large(door_.limits.max_body_bytes);
  }
  if (Result<void> room = take_room(*endpoint); !room) return std::move(room).error();
  return endpoint;
}

Result<void> Connection::take_room(const Endpoint& endpoint) {
  if (endpoint.asks_upstreams && !place_.grow_to(1)) {
    return try_again(ErrorCode::overloaded,
                     "The gateway has as many requests under way as it takes; try again shortly.");
  }
  // A body that came with its head lies in the head's buffer.
  const auto size = static_cast<std::size_t>(facts_.content_length.value_or(0));
  if (size <= end_ - begin_) return {};
  return hold_body(size);
}

std::string Connection::error_json(const Error& error) const {
  return door_.error_json != nullptr ? door_.error_json(error, request_id_)
                                     : providers::error_json(error);
}

bool Connection::closes() {
  closes_ = closes_ || door_.tasks.draining();
  return closes_;
}

void Connection::abandon() {
  closes_ = abandoned_ = true;
  more_may_come_ = false;
  if (speaks_1_1()) return;  // the last chunk is missing, and shows it
  error_code ignored;
  socket().set_option(net::socket_base::linger(true, 0), ignored);
  socket().close(ignored);
}

Awaitable<error_code> Connection::write_outgoing() {
  if (unwritten_) co_return unwritten_;
  wait_for(Waiting::client_to_take, door_.limits.write_timeout);
  const error_code error = co_await transport_.write(outgoing_);
  stop_waiting();
  if (error) closes_ = true;
  unwritten_ = error;
  co_return error;
}

// Says no more, listens a little, and closes.
Awaitable<void> Connection::farewell() {
  if (!transport_.finish()) co_return;
  wait_for(Waiting::farewell, kFarewell);
  buffer_.reserve(door_.limits.max_head_bytes);
  for (std::size_t heard = 0; heard < kFarewellBytes;) {
    const std::size_t size = co_await read_some(buffer_.data(), buffer_.capacity());
    if (size == 0) break;
    heard += size;
  }
  stop_waiting();
}

void Connection::wait_for(Waiting what, milliseconds at_most) {
  waiting_ = what;
  timed_out_ = false;
  deadline_.set(at_most);
}

void Connection::stop_waiting() {
  waiting_ = Waiting::nothing;
  deadline_.clear();
}

void Connection::expired() {
  error_code ignored;
  switch (waiting_) {
    case Waiting::handshake:
      // Perhaps it waits for its turn and not for the socket.
      timed_out_ = true;
      socket().close(ignored);
      return;
    case Waiting::body: {
      // A body may take as long as it is allowed to while it keeps coming.
      const auto passed = std::chrono::ceil<milliseconds>(door_.clock.now() - body_since_);
      const milliseconds left = door_.limits.body_timeout - passed;
      const auto least = static_cast<std::size_t>(passed.count()) * kBodyBytesPerSecond / 1000;
      if (left.count() > 0 && body_arrived_ >= least) {
        deadline_.set(std::min(left, kBodyCheck));
        return;
      }
      [[fallthrough]];
    }
    case Waiting::first_byte:
    case Waiting::head:
      timed_out_ = true;
      socket().cancel(ignored);
      return;
    case Waiting::client_to_take:
      // It has not read for so long that it may not be given time to read the rest.
      socket().set_option(net::socket_base::linger(true, 0), ignored);
      socket().close(ignored);
      return;
    case Waiting::farewell:
      socket().close(ignored);
      return;
    case Waiting::nothing:
      return;
  }
}

void Connection::drain() {
  // What is under way ends with Connection: close; who says nothing is hardly waited for.
  if (waiting_ == Waiting::first_byte || waiting_ == Waiting::handshake) {
    deadline_.set(kLastOrders);
  }
}

void Connection::hurry() {
  const bool reads = waiting_ == Waiting::handshake || waiting_ == Waiting::first_byte ||
                     waiting_ == Waiting::head || waiting_ == Waiting::body;
  error_code ignored;
  if (reads) socket().cancel(ignored);
  for (ClientWatch* one = watches_; one != nullptr; one = one->before_) one->hurry();
}

void Connection::cut() {
  error_code ignored;
  closes_ = true;
  socket().close(ignored);
  for (ClientWatch* one = watches_; one != nullptr; one = one->before_) one->cut();
}

void Connection::watched_by(ClientWatch& watch) {
  watch.before_ = watches_;
  watches_ = &watch;
}

// Attempts that run beside each other end in any order.
void Connection::unwatched_by(ClientWatch& watch) {
  ClientWatch** place = &watches_;
  while (*place != &watch) place = &(*place)->before_;
  *place = watch.before_;
}

}  // namespace gateway::http

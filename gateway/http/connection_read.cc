#include <algorithm>
#include <cstring>
#include <utility>

#include "gateway/http/connection.h"
#include "gateway/http/refusals.h"

// How a connection reads: one request's head, then its body.

namespace gateway::http {

using config::Error;
using config::ErrorCode;
using config::failure;
using config::Result;
using std::chrono::milliseconds;

namespace {

// The least a body must bring after its first ten seconds.
constexpr milliseconds kBodyGrace{10'000};
// A refused request's body is read and dropped up to here; past it the connection closes.
constexpr std::size_t kMostDiscarded = 64 * 1024;
constexpr std::size_t kChunkedRead = 16 * 1024;
// Memory for bodies kept between two requests.
constexpr std::size_t kKeptBody = 64 * 1024;

Error from(const Parser::Problem& problem, const config::Server& limits) {
  if (problem.code == ErrorCode::too_large) return body_too_large(limits.max_body_bytes);
  return failure(problem.code,
                 "The request is not valid HTTP/1.1: " + std::string(problem.reason) + ".");
}

}  // namespace

void Connection::begin_request() {
  parser_.reset();
  line_ = {};
  line_known_ = false;
  facts_ = {};
  request_ = {};
  request_id_.clear();
  to_discard_ = 0;
  body_size_ = 0;

  // What is left of the last read begins the next request, at the buffer's beginning so
  // that a whole head fits behind it.
  buffer_.reserve(std::max(door_.limits.max_head_bytes, read_ahead_.size()));
  if (!read_ahead_.empty()) {
    std::memcpy(buffer_.data(), read_ahead_.data(), read_ahead_.size());
    begin_ = 0;
    end_ = read_ahead_.size();
    read_ahead_.clear();
  }
}

void Connection::end_request() {
  if (body_.capacity() > kKeptBody) body_.release();
  body_share_.give_back();
  place_.give_back();
}

Awaitable<Result<bool>> Connection::read_head() {
  if (begin_ == end_) {
    begin_ = end_ = 0;
    if (hurried()) co_return false;
    // Of a new connection a request is expected, of an old one it is merely possible.
    wait_for(Waiting::first_byte, door_.tasks.draining() ? kLastOrders
                                  : served_any_          ? door_.limits.idle_timeout
                                                         : door_.limits.head_timeout);
  }
  for (;;) {
    if (begin_ != end_) {
      Result<bool> whole = look_at_head();
      if (!whole || *whole) {
        stop_waiting();
        co_return whole;
      }
      // The buffer is as large as the limit was when the request began.
      const std::size_t most = std::min(door_.limits.max_head_bytes, buffer_.capacity());
      if (end_ - begin_ >= most) {
        stop_waiting();
        co_return failure(ErrorCode::head_too_large, "The request's head is too large.");
      }
      // Absolute, from the first byte: a byte now and then does not extend it.
      if (waiting_ != Waiting::head) wait_for(Waiting::head, door_.limits.head_timeout);
    }
    if (end_ == buffer_.capacity()) {
      std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
      end_ -= std::exchange(begin_, 0);
    }
    const std::size_t size = co_await read_some(buffer_.data() + end_, buffer_.capacity() - end_);
    if (size == 0) {
      const bool begun = begin_ != end_;
      const bool too_slow = timed_out_ && begun;
      stop_waiting();
      if (begun && hurried()) co_return gateway_leaves();
      if (!too_slow) co_return false;
      co_return failure(ErrorCode::request_timeout, "The request's head took too long.");
    }
    end_ += size;
  }
}

// Whether the head is whole and lawful. Runs on whatever has arrived, so that what is
// refused is refused at once.
Result<bool> Connection::look_at_head() {
  if (!line_known_) {
    Result<LineProgress> read = read_request_line(buffered());
    if (!read) return std::move(read).error();
    if (read->state == LineState::more) return false;
    line_ = read->line;
    line_known_ = true;
    if (line_.method == verb::unknown) {
      request_.path = path_of(verb::unknown, line_.target, {}).value_or("*");
      if (door_.endpoints.allowed(request_.path).empty()) {
        return door_.endpoints.nothing_at(request_.path);
      }
      return failure(ErrorCode::method_not_allowed, "This path is not served with this method.");
    }
  }
  const Step step = parser_.read_head(buffered());
  if (step == Step::failed) return from(parser_.problem(), door_.limits);
  if (step == Step::more) return false;

  line_.target = parser_.target();
  Result<RequestFacts> facts = check_request(line_, parser_.fields());
  if (!facts) return std::move(facts).error();
  facts_ = *facts;
  // Two readings of where the body ends must be one.
  if (facts_.chunked != parser_.chunked() || facts_.content_length != parser_.content_length()) {
    return failure(ErrorCode::malformed_request, "The body's length is ambiguous.");
  }
  begin_ += parser_.head_size();
  closes_ = !parser_.keep_alive();
  served_any_ = true;
  request_.method = line_.method;
  request_.target = line_.target;
  request_.path = facts_.path;
  request_.fields = parser_.fields();
  return true;
}

Awaitable<Result<bool>> Connection::read_body() {
  if (!facts_.has_body()) co_return true;
  if (facts_.chunked) co_return co_await read_chunked_body();

  const auto size = static_cast<std::size_t>(facts_.content_length.value_or(0));
  if (size <= end_ - begin_) {
    // All of it came with the head: parsed where it is.
    request_.body = buffered().substr(0, size);
    begin_ += size;
    co_return true;
  }
  co_return co_await read_counted_body(size);
}

// Begins to wait for what did not come with the head; false: the client is gone.
Awaitable<bool> Connection::invite_body() {
  if (facts_.expects_continue && begin_ == end_) {
    outgoing_.clear();
    outgoing_.add("HTTP/1.1 100 Continue\r\n\r\n");
    if (co_await write_outgoing()) co_return false;
  }
  body_since_ = door_.clock.now();
  body_arrived_ = 0;
  wait_for(Waiting::body, std::min(kBodyGrace, door_.limits.body_timeout));
  co_return true;
}

// Waits for more of the body; 0 with an Error: too slow, 0 without: the client is gone.
Awaitable<Result<std::size_t>> Connection::read_more_body(char* at, std::size_t room) {
  const std::size_t arrived = co_await read_some(at, room);
  body_arrived_ += arrived;
  if (arrived > 0) co_return arrived;
  const bool too_slow = timed_out_;
  stop_waiting();
  if (hurried()) co_return gateway_leaves();
  if (!too_slow) co_return std::size_t{0};
  co_return failure(ErrorCode::request_timeout, "The request's body took too long.");
}

Awaitable<Result<bool>> Connection::read_counted_body(std::size_t size) {
  if (!co_await invite_body()) co_return false;
  body_.reserve(size);
  body_size_ = end_ - begin_;
  std::memcpy(body_.data(), buffer_.data() + begin_, body_size_);
  end_ = begin_;
  while (body_size_ < size) {
    const auto arrived = co_await read_more_body(body_.data() + body_size_, size - body_size_);
    if (!arrived) co_return arrived.error();
    if (*arrived == 0) co_return false;
    body_size_ += *arrived;
  }
  stop_waiting();
  request_.body = {body_.data(), size};
  co_return true;
}

// Chunks are read behind what is joined already, and joined in place.
Awaitable<Result<bool>> Connection::read_chunked_body() {
  parser_.limit_body(door_.limits.max_body_bytes);
  const std::size_t buffered_size = end_ - begin_;
  const auto room = make_room_for_chunks(std::max(buffered_size, kChunkedRead));
  if (!room) co_return room.error();
  std::memcpy(body_.data(), buffer_.data() + begin_, buffered_size);
  Step step = take_chunks(buffered_size);
  if (step == Step::more && !co_await invite_body()) co_return false;
  end_ = begin_;
  while (step == Step::more) {
    if (const auto more = make_room_for_chunks(kChunkedRead); !more) {
      stop_waiting();
      co_return more.error();
    }
    const auto arrived =
        co_await read_more_body(body_.data() + body_size_, body_.capacity() - body_size_);
    if (!arrived) co_return arrived.error();
    if (*arrived == 0) co_return false;
    step = take_chunks(*arrived);
  }
  stop_waiting();
  if (step == Step::failed) co_return from(parser_.problem(), door_.limits);
  request_.body = {body_.data(), body_size_};
  co_return true;
}

Result<void> Connection::make_room_for_chunks(std::size_t room) {
  const std::size_t needed = body_size_ + room;
  const std::size_t most = door_.limits.max_body_bytes + kChunkedRead;
  std::size_t size = body_.capacity();
  if (size < needed) size = std::max(needed, std::min(2 * size, most));
  if (Result<void> held = hold_body(size); !held) return held;
  body_.reserve(size);
  return {};
}

Result<void> Connection::hold_body(std::size_t size) {
  // What a chunked body is read with beyond its limit is nobody's body.
  if (body_share_.grow_to(std::min(size, door_.limits.max_body_bytes))) return {};
  return try_again(ErrorCode::overloaded,
                   "The gateway holds as many bytes of requests as it takes; try again shortly.");
}

Step Connection::take_chunks(std::size_t arrived) {
  char* const at = body_.data() + body_size_;
  const Parser::Part part = parser_.read_body({at, arrived});
  if (part.step == Step::done) read_ahead_.assign(at + part.consumed, arrived - part.consumed);
  if (!part.data.empty()) std::memmove(at, part.data.data(), part.data.size());
  body_size_ += part.data.size();
  return part.step;
}

// A short body is dropped so that the connection can live on; one that is long, of
// unknown length, or perhaps never sent ends the connection with the answer.
void Connection::plan_for_unread_body() {
  if (!facts_.has_body()) return;
  const std::size_t here = end_ - begin_;
  const std::uint64_t size = facts_.content_length.value_or(0);
  if (!facts_.chunked && size <= here) {
    begin_ += static_cast<std::size_t>(size);
    return;
  }
  if (facts_.chunked || facts_.expects_continue || size - here > kMostDiscarded) {
    closes_ = more_may_come_ = true;
    return;
  }
  to_discard_ = static_cast<std::size_t>(size) - here;
  begin_ = end_;
}

Awaitable<void> Connection::discard_body() {
  body_since_ = door_.clock.now();
  body_arrived_ = 0;
  wait_for(Waiting::body, std::min(kBodyGrace, door_.limits.body_timeout));
  begin_ = end_ = 0;
  while (to_discard_ > 0) {
    const auto arrived =
        co_await read_more_body(buffer_.data(), std::min(to_discard_, buffer_.capacity()));
    if (!arrived || *arrived == 0) {
      closes_ = true;
      co_return;
    }
    to_discard_ -= *arrived;
  }
  stop_waiting();
}

}  // namespace gateway::http

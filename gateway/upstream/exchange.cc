#include "gateway/upstream/exchange.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "gateway/upstream/answer_parser.h"
#include "gateway/upstream/dialer.h"
#include "gateway/upstream/errors.h"
#include "gateway/upstream/pool.h"
#include "gateway/upstream/request_head.h"
#include "gateway/upstream/whole_body.h"

namespace gateway::upstream {

using config::Result;
using std::chrono::milliseconds;

struct Exchange::State {
  State(Pools& p, const config::Target& t, Patience* with)
      : pools(p),
        target(t),
        patience(with),
        limit(t.timeouts.idle),
        deadline(p.deadlines(), [](void* state) { static_cast<State*>(state)->expire(); }, this) {}
  ~State() { release_buffer(); }

  enum class Stop : std::uint8_t { none, cancelled, expired };

  void stop_for(Stop reason);
  void expire() { stop_for(Stop::expired); }
  config::Error stopped() const;
  void enter(Phase phase) { times.enter(phase, pools.clock().now()); }
  config::Error fail(config::Error error);

  Awaitable<Result<void>> connect();
  Awaitable<Result<void>> converse(std::string_view head, const providers::Body& body);
  Awaitable<error_code> write(std::span<net::const_buffer> ranges);
  Awaitable<Result<void>> readable();
  Awaitable<Result<std::span<char>>> receive();
  Awaitable<Result<std::string_view>> receive_body();
  Result<std::string_view> take_in(std::span<char> bytes);

  std::span<char> room();
  void release_buffer() { pools.buffers().give_back(std::move(buffer)); }
  void settle();
  void finish_late();

  Pools& pools;
  const config::Target& target;
  Patience* const patience;                // nullptr: waits in silence
  std::unique_ptr<Connection> connection;  // nullptr: not yet, failed, or back in the pool
  Dialer* dialer = nullptr;                // while dialling
  AnswerParser parser;

  milliseconds limit;          // of the next wait
  milliseconds first_byte{0};  // of the answer's head
  Deadline deadline;
  Stop stop = Stop::none;

  ReadBuffers::Buffer buffer;  // held only while bytes in it are shown
  std::string_view ready;      // body bytes read and not yet shown; in `buffer`
  std::optional<WholeBody> whole;

  PhaseTimes times;
  bool reused = false;
  bool written = false;
  bool sent_whole = false;
  bool send_failed = false;
  bool died = false;  // the connection broke, rather than talked nonsense
};

// The operation under way notices by its completion, a later one by `stop`.
void Exchange::State::stop_for(Stop reason) {
  if (stop != Stop::none) return;
  stop = reason;
  if (dialer != nullptr) dialer->abort();
  if (connection) connection->close();
}

config::Error Exchange::State::stopped() const {
  if (stop == Stop::cancelled) return unavailable("cancelled");
  return timed_out(fmt::format("{} within {} ms",
                               parser.head_complete() ? "silent: no byte"
                               : sent_whole           ? "no answer"
                                                      : "request not taken",
                               limit.count()));
}

// Nothing more can be read in order: the connection must not be used again.
config::Error Exchange::State::fail(config::Error error) {
  deadline.clear();
  connection.reset();
  return error;
}

Awaitable<Result<void>> Exchange::State::connect() {
  Dialer dialling(pools, origin_of(target), target.proxy, target.timeouts, times);
  dialer = &dialling;
  auto dialled = co_await dialling.dial();
  dialer = nullptr;
  if (!dialled) co_return std::move(dialled).error();
  connection = *std::move(dialled);
  co_return Result<void>();
}

// Moves everything out, waiting where the socket is full. `ranges` is consumed.
Awaitable<error_code> Exchange::State::write(std::span<net::const_buffer> ranges) {
  for (;;) {
    const Io io = connection->write_now(ranges);
    written |= io.bytes > 0;
    std::size_t moved = io.bytes;
    while (!ranges.empty() && moved >= ranges.front().size()) {
      moved -= ranges.front().size();
      ranges = ranges.subspan(1);
    }
    if (ranges.empty()) co_return error_code();
    ranges.front() += moved;
    if (!io.error) continue;
    if (io.error != net::error::would_block) co_return io.error;

    if (!deadline.pending()) deadline.set(limit);
    const auto [failed] = co_await connection->writable();
    if (failed) co_return failed;
  }
}

std::span<char> Exchange::State::room() {
  if (whole) return whole->make_room(parser.content_length());
  if (!buffer) buffer = pools.buffers().take();
  return {buffer.get(), ReadBuffers::kSize};
}

// Until something can be read, however often patience runs out before.
Awaitable<Result<void>> Exchange::State::readable() {
  for (;;) {
    Deadline alarm(
        pools.deadlines(), [](void* waiting) { static_cast<Connection*>(waiting)->wake(); },
        connection.get());
    if (patience != nullptr) alarm.set(patience->left());
    const auto [failed] = co_await connection->readable();
    const bool ran_out = patience != nullptr && !alarm.pending();
    alarm.clear();
    if (stop != Stop::none) co_return stopped();
    if (!failed) co_return Result<void>();
    if (!ran_out) co_return broken_off(failed.message());

    auto go_on = co_await patience->ran_out();
    if (!go_on) co_return go_on;
    if (stop != Stop::none) co_return stopped();
  }
}

// What came, at least one byte; none: the peer has closed. Waits as long as it must,
// without a buffer.
Awaitable<Result<std::span<char>>> Exchange::State::receive() {
  for (;;) {
    if (stop != Stop::none) co_return fail(stopped());
    if (!connection) co_return unavailable("read after the connection was lost");
    const std::span<char> into = room();
    const Io io = connection->read_now({into.data(), into.size()});
    if (io.bytes > 0) co_return into.first(io.bytes);
    if (io.error == net::error::eof) co_return std::span<char>();
    if (io.error != net::error::would_block) {
      died = true;
      co_return fail(broken_off(fmt::format("read: {}", io.error.message())));
    }
    release_buffer();
    if (send_failed) {
      died = true;
      co_return fail(broken_off("no answer behind the failed write"));
    }
    // Set before: it runs over several reads.
    const bool this_wait_only = !deadline.pending();
    if (this_wait_only) deadline.set(limit);
    auto waited = co_await readable();
    if (this_wait_only) deadline.clear();
    if (!waited) co_return fail(std::move(waited).error());
  }
}

// The body bytes of one read; empty where only head or framing came, or the end.
Awaitable<Result<std::string_view>> Exchange::State::receive_body() {
  auto received = co_await receive();
  if (!received) co_return std::move(received).error();
  co_return take_in(*received);
}

Result<std::string_view> Exchange::State::take_in(std::span<char> bytes) {
  if (bytes.empty()) {
    died = true;
    if (auto ended = parser.closed(); !ended) return fail(std::move(ended).error());
    settle();
    return std::string_view();
  }
  auto body = parser.feed(bytes);
  if (!body) return fail(std::move(body).error());
  if (parser.complete()) settle();
  return body;
}

// The answer has ended in order: the connection goes where it may.
void Exchange::State::settle() {
  deadline.clear();
  if (parser.reusable() && sent_whole && stop == Stop::none) {
    pools.give_back(origin_of(target), std::move(connection));
  }
  connection.reset();
}

// A stream is left at its [DONE]; the last chunk's framing often stands right behind
// it, and one look saves the connection.
void Exchange::State::finish_late() {
  if (!connection || !parser.head_complete() || stop != Stop::none) return;
  whole.reset();
  const std::span<char> into = room();
  const Io io = connection->read_now({into.data(), into.size()});
  if (io.bytes > 0) (void)take_in(into.first(io.bytes));
}

// Writes the request and reads up to the end of the answer's head.
Awaitable<Result<void>> Exchange::State::converse(std::string_view head,
                                                  const providers::Body& body) {
  std::vector<net::const_buffer> ranges;
  ranges.reserve(1 + body.range_count());
  ranges.emplace_back(head.data(), head.size());
  body.for_each([&](std::string_view bytes) { ranges.emplace_back(bytes.data(), bytes.size()); });

  enter(Phase::send);
  // A body that is not taken is as bad as an answer that does not come.
  limit = target.timeouts.idle;
  const error_code unsent = co_await write(ranges);
  deadline.clear();
  if (stop != Stop::none) co_return fail(stopped());
  sent_whole = !unsent;
  send_failed = !sent_whole;
  // Whoever refuses early answers and closes while we still write: then the answer is
  // there already, or never comes.
  if (sent_whole) connection->assume_drained();

  enter(Phase::first_byte);
  limit = first_byte;
  deadline.set(limit);  // one limit for the whole head, however it dribbles in
  while (!parser.head_complete()) {
    auto bytes = co_await receive_body();
    if (!bytes && unsent && !parser.started()) {
      co_return unavailable(fmt::format("write: {}", unsent.message()));
    }
    if (!bytes) co_return std::move(bytes).error();
    ready = *bytes;
  }
  deadline.clear();
  enter(Phase::body);
  limit = target.timeouts.idle;
  co_return Result<void>();
}

Exchange::Exchange(Pools& pools, const config::Target& target, Patience* patience)
    : state_(std::make_unique<State>(pools, target, patience)) {}

Exchange::~Exchange() {
  state_->finish_late();
}

Awaitable<Result<providers::AnswerHead>> Exchange::start(
    const providers::UpstreamRequest& request) {
  State& s = *state_;
  auto head = request_head(s.target, request);
  if (!head) co_return std::move(head).error();
  s.first_byte = request.streamed ? s.target.timeouts.first_byte : s.target.timeouts.whole_answer;

  if (s.stop == State::Stop::none) s.connection = s.pools.take(origin_of(s.target));
  s.reused = s.connection != nullptr;
  for (;;) {
    if (s.stop != State::Stop::none) co_return s.fail(s.stopped());
    if (!s.connection) {
      auto connected = co_await s.connect();
      if (!connected) co_return std::move(connected).error();
    }
    auto answered = co_await s.converse(*head, request.body);
    if (answered) break;

    const bool was_stale = s.reused && s.died && !s.parser.started();
    if (!was_stale || s.stop != State::Stop::none) co_return s.fail(std::move(answered).error());
    // Closed by the peer while it lay idle: a fresh one, once.
    s.connection.reset();
    s.parser.reset();
    s.reused = s.died = s.send_failed = false;
  }
  co_return providers::AnswerHead{s.parser.status(), s.parser.fields()};
}

Awaitable<Result<std::string_view>> Exchange::read_some() {
  State& s = *state_;
  if (!s.ready.empty()) co_return std::exchange(s.ready, {});
  s.release_buffer();
  while (!s.parser.complete()) {
    auto bytes = co_await s.receive_body();
    if (!bytes || !bytes->empty()) co_return bytes;
  }
  co_return std::string_view();
}

Awaitable<Result<std::string_view>> Exchange::read_all(std::size_t max_bytes) {
  State& s = *state_;
  const auto too_big = [&] {
    return s.fail(garbled(fmt::format("answer over {} bytes", max_bytes)));
  };
  if (s.parser.content_length().value_or(0) > max_bytes) co_return too_big();
  if (s.ready.size() > max_bytes) co_return too_big();
  // Small answers come with their head: they stay where they were read.
  if (s.parser.complete()) co_return s.ready;

  s.parser.limit_body(max_bytes);
  s.whole.emplace();
  s.whole->append(std::exchange(s.ready, {}));
  s.release_buffer();
  while (!s.parser.complete()) {
    auto bytes = co_await s.receive_body();
    if (!bytes) co_return std::move(bytes).error();
    s.whole->keep(*bytes);
    if (s.whole->size() > max_bytes) co_return too_big();
  }
  co_return s.whole->view();
}

void Exchange::cancel() {
  state_->stop_for(State::Stop::cancelled);
}

bool Exchange::written() const {
  return state_->written;
}

bool Exchange::reused() const {
  return state_->reused;
}

const PhaseTimes& Exchange::times() const {
  return state_->times;
}

}  // namespace gateway::upstream

#include "tests/bench/load_generator/generator.h"

#include <algorithm>
#include <stdexcept>

#include <fmt/format.h>

namespace bench {
namespace {

// More at once could overflow the queue of a door.
constexpr std::size_t kOpeningAtOnce = 128;
constexpr Nanoseconds kLongestOpening = 30 * kSecond;
constexpr Nanoseconds kLongestWarmUp = 60 * kSecond;
constexpr std::uint64_t kMostLost = 1000;

}  // namespace

Generator::Generator(const LoadSettings& settings, const RequestText& text, Announce announce)
    : settings_(settings),
      text_(text),
      announce_(std::move(announce)),
      connections_(settings.connections),
      scratch_(256 * 1024),
      on_ready_([this](std::uint64_t number) { ready(number); }) {}

void Generator::run() {
  connect_all();
  announce_(Moment::connected, now(), counts_);
  if (settings_.mode == Mode::streams) ask_for_streams();
  measure();
  drain();
}

void Generator::connect_all() {
  const auto limit = now() + kLongestOpening;
  for (std::uint64_t number = 0; number < connections_.size(); ++number) {
    while (opening_ >= kOpeningAtOnce) turn_over(limit);
    connect(number);
    turn_over(now());
  }
  while (opening_ > 0 && now() < limit) turn_over(limit);
  if (opening_ > 0) throw std::runtime_error(fmt::format("{} connections do not open", opening_));
}

void Generator::connect(std::uint64_t number) {
  auto& place = connections_[number];
  place = std::make_unique<Connection>(Channel::connecting(settings_.port, settings_.tls), number);
  ++opening_;
  poller_.add(place->channel.descriptor(), number);
}

void Generator::ask_for_streams() {
  const auto count = connections_.size();
  const double per_second =
      static_cast<double>(count) * 1e9 / static_cast<double>(settings_.opening);
  const auto start = now();
  schedule_.emplace(start, per_second, count);
  const auto limit = start + settings_.opening + kLongestOpening;
  while (streams_with_content_ < count && now() < limit) turn_over(limit);
  if (streams_with_content_ < count) {
    throw std::runtime_error(fmt::format("{} of {} streams have content; {} broke",
                                         streams_with_content_, count, counts_.broken));
  }
}

void Generator::measure() {
  const auto start = now();
  window_begin_ = start + settings_.warm_up;
  window_end_ = window_begin_ + settings_.window;
  if (settings_.mode == Mode::open) {
    const auto seconds = static_cast<double>(window_end_ - start) / 1e9;
    schedule_.emplace(start, settings_.rate, static_cast<std::uint64_t>(settings_.rate * seconds));
  }
  if (settings_.mode == Mode::closed) {
    asking_ = true;
    while (!idle_.empty()) {
      auto& connection = *connections_[idle_.front()];
      idle_.pop_front();
      begin(connection, now());
    }
  }
  warm_up();
  announce_(Moment::begin, now(), counts_);
  while (now() < window_end_ && !Poller::asked_to_stop()) turn_over(window_end_);
  announce_(Moment::end, now(), counts_);
}

void Generator::warm_up() {
  const auto until = window_begin_;
  const auto limit = until + kLongestWarmUp;
  const bool by_answers = settings_.warm_up_answers > 0;
  if (by_answers) window_begin_ = kNever;
  while (now() < until && !Poller::asked_to_stop()) turn_over(until);
  if (!by_answers) return;
  while (counts_.answered < settings_.warm_up_answers && now() < limit &&
         !Poller::asked_to_stop()) {
    turn_over(limit);
  }
  window_begin_ = now();
  window_end_ = window_begin_ + settings_.window;
}

void Generator::drain() {
  asking_ = false;
  if (settings_.mode == Mode::streams && !settings_.to_the_end) return;
  const auto limit = now() + settings_.drain;
  while ((under_way() || (schedule_ && schedule_->left() > 0)) && now() < limit) turn_over(limit);
  counts_.unfinished = counts_.asked - counts_.answered - counts_.broken;
  counts_.unsent = schedule_ ? schedule_->left() : 0;
}

// One look at what is ready, at `until` or when a request is due at the latest.
void Generator::turn_over(Nanoseconds until) {
  if (schedule_ && !idle_.empty()) until = std::min(until, schedule_->next());
  poller_.wait(settings_.spin ? 0 : until, on_ready_);
  start_due();
}

void Generator::start_due() {
  if (!schedule_) return;
  while (!idle_.empty()) {
    const auto intended = schedule_->take(now());
    if (!intended) return;
    auto& connection = *connections_[idle_.front()];
    idle_.pop_front();
    begin(connection, *intended);
  }
}

void Generator::ready(std::uint64_t number) {
  auto& connection = *connections_[number];
  if (connection.state == Connection::State::opening) go_on_opening(connection);
  if (connection.state == Connection::State::opening) return;
  if (connection.state == Connection::State::asking) send_rest(connection);
  read_all(connection);
}

void Generator::go_on_opening(Connection& connection) {
  const auto opening = connection.channel.open();
  if (opening == Channel::Opening::failed)
    throw std::runtime_error(fmt::format("cannot connect to port {}", settings_.port));
  if (opening == Channel::Opening::waits) return;
  --opening_;
  connection.state = Connection::State::idle;
  if (asking_)
    begin(connection, now());
  else
    idle_.push_back(connection.number);
}

void Generator::begin(Connection& connection, Nanoseconds intended) {
  connection.state = Connection::State::asking;
  connection.intended = intended;
  connection.turn = text_.turn(counts_.asked++);
  connection.sent = 0;
  connection.content_seen = false;
  connection.events_counted = 0;
  connection.watch.begin(settings_.mode == Mode::streams);
  if (connection.channel.is_tls()) connection.flat = text_.flat(connection.turn);
  send_rest(connection);
}

void Generator::send_rest(Connection& connection) {
  while (connection.sent < text_.size()) {
    const auto moved =
        connection.channel.is_tls()
            ? connection.channel.write(std::string_view(connection.flat).substr(connection.sent))
            : connection.channel.write(text_.pieces(connection.turn, connection.sent));
    // A connection that has ended says so to the next read.
    if (moved.bytes == 0) return;
    connection.sent += moved.bytes;
  }
  connection.state = Connection::State::reading;
}

void Generator::read_all(Connection& connection) {
  while (true) {
    const auto moved = connection.channel.read(scratch_);
    if (moved.closed) return lost(connection);
    if (moved.bytes == 0) return;
    const auto time = now();
    const bool answering = connection.state == Connection::State::asking ||
                           connection.state == Connection::State::reading;
    if (!answering) return lost(connection);
    const auto state = connection.watch.take({scratch_.data(), moved.bytes}, time);
    count_progress(connection, time);
    if (state == AnswerWatch::State::malformed) return lost(connection);
    // The next request may begin in here, and its answer be there already.
    if (state == AnswerWatch::State::ended) ended(connection, time);
    // A read that did not fill the buffer took all there was.
    if (moved.bytes < scratch_.size() && !connection.channel.is_tls()) return;
  }
}

void Generator::count_progress(Connection& connection, Nanoseconds time) {
  const auto events = connection.watch.events();
  counts_.events += events - connection.events_counted;
  connection.events_counted = events;
  if (settings_.mode != Mode::streams || connection.content_seen) return;
  if (connection.watch.first_content() == kNever) return;
  connection.content_seen = true;
  ++streams_with_content_;
  first_content_.add(time - connection.intended);
}

void Generator::ended(Connection& connection, Nanoseconds time) {
  const auto& watch = connection.watch;
  ++counts_.answered;
  ++counts_.statuses[watch.status()];
  counts_.body_bytes += watch.body_bytes();
  if (watch.status() == 200) {
    counts_.least_body = std::min(counts_.least_body, watch.body_bytes());
    counts_.most_body = std::max(counts_.most_body, watch.body_bytes());
    counts_.least_events = std::min(counts_.least_events, watch.events());
    counts_.most_events = std::max(counts_.most_events, watch.events());
  }
  const auto counted_by = settings_.mode == Mode::open ? connection.intended : time;
  if (counted_by >= window_begin_ && counted_by < window_end_)
    latency_.add(time - connection.intended);

  if (settings_.mode == Mode::streams) {
    connection.state = Connection::State::spent;
    return;
  }
  connection.state = Connection::State::idle;
  if (asking_)
    begin(connection, time);
  else
    idle_.push_back(connection.number);
}

// The server has ended it: after an answer it may, within one it must not.
void Generator::lost(Connection& connection) {
  using State = Connection::State;
  if (connection.state == State::idle) {
    ++counts_.closed;
    std::erase(idle_, connection.number);
  } else if (connection.state != State::spent) {
    ++counts_.broken;
  }
  if (counts_.closed + counts_.broken > kMostLost)
    throw std::runtime_error(
        fmt::format("the server closed {} idle connections and broke {} answers", counts_.closed,
                    counts_.broken));
  if (settings_.mode == Mode::streams) {
    connection.state = State::spent;
    return;
  }
  connect(connection.number);  // in its place
}

}  // namespace bench

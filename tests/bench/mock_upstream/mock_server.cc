#include "tests/bench/mock_upstream/mock_server.h"

#include <algorithm>
#include <functional>
#include <unistd.h>
#include <utility>

namespace bench {
namespace {

// So much of a body is looked at for its model.
constexpr std::size_t kBeginning = 64;

}  // namespace

MockServer::MockServer(const MockSettings& settings)
    : settings_(settings),
      whole_(whole_answer(settings.answer_bytes)),
      stream_(stream_parts()),
      plain_(listen_on(0)),
      scratch_(256 * 1024) {
  poller_.add(plain_, static_cast<std::uint64_t>(plain_));
  if (settings_.tls == nullptr) return;
  tls_ = listen_on(0);
  poller_.add(tls_, static_cast<std::uint64_t>(tls_));
}

MockServer::~MockServer() {
  ::close(plain_);
  if (tls_ >= 0) ::close(tls_);
}

void MockServer::run() {
  const std::function<void(std::uint64_t)> ready = [this](std::uint64_t token) {
    this->ready(token);
  };
  while (!Poller::asked_to_stop()) {
    poller_.wait(due_.empty() ? kNever : due_.top().when, ready);
    send_due_contents();
  }
}

void MockServer::ready(std::uint64_t token) {
  const int descriptor = static_cast<int>(token);
  if (descriptor == plain_) return accept_all(plain_, nullptr);
  if (descriptor == tls_) return accept_all(tls_, settings_.tls);
  if (auto& connection = connections_[static_cast<std::size_t>(descriptor)]) converse(*connection);
}

void MockServer::accept_all(int listening, const TlsContext* tls) {
  for (int accepted = accept_from(listening); accepted >= 0; accepted = accept_from(listening)) {
    const auto place = static_cast<std::size_t>(accepted);
    if (connections_.size() <= place) connections_.resize(place + 1);
    connections_[place] = std::make_unique<Connection>(Channel::accepted(accepted, tls), ++serial_);
    poller_.add(accepted, static_cast<std::uint64_t>(accepted));
    ++counts_.connections;
  }
}

void MockServer::converse(Connection& connection) {
  if (!flush(connection) || !read_requests(connection)) close(connection.channel.descriptor());
}

bool MockServer::read_requests(Connection& connection) {
  while (true) {
    const auto moved = connection.channel.read(scratch_);
    if (moved.closed) return false;
    std::string_view bytes(scratch_.data(), moved.bytes);
    for (auto part = connection.reader.next(bytes); part.kind != Part::more;
         part = connection.reader.next(bytes)) {
      if (part.kind == Part::malformed) {
        ++counts_.malformed;
        return false;
      }
      if (part.kind == Part::body) {
        counts_.body_bytes += part.bytes.size();
        if (connection.beginning.size() < kBeginning)
          connection.beginning += part.bytes.substr(0, kBeginning);
      }
      if (part.kind == Part::end) answer(connection);
    }
    // A read that did not fill the buffer took all there was.
    if (moved.bytes < scratch_.size() && (moved.bytes == 0 || !connection.channel.is_tls()))
      return true;
  }
}

void MockServer::answer(Connection& connection) {
  ++counts_.requests;
  connection.model = model_asked(connection.beginning);
  connection.beginning.clear();
  if (!settings_.stream) return send(connection, whole_.about(connection.model));
  connection.contents_left = settings_.stream->contents;
  next_content(connection, now());
}

void MockServer::send_due_contents() {
  if (due_.empty()) return;
  const auto time = now();
  while (!due_.empty() && due_.top().when <= time) {
    const Due due = due_.top();
    due_.pop();
    auto& connection = connections_[static_cast<std::size_t>(due.descriptor)];
    if (!connection || connection->serial != due.serial) continue;
    counts_.latest_content = std::max(counts_.latest_content, time - due.when);
    next_content(*connection, due.when);
  }
}

void MockServer::next_content(Connection& connection, Nanoseconds due) {
  const bool first = connection.contents_left == settings_.stream->contents;
  if (connection.contents_left == 0)
    return send(connection, stream_.closing.about(connection.model));
  send(connection, (first ? stream_.opening : stream_.event).about(connection.model));
  --connection.contents_left;
  ++counts_.contents;
  due_.push({.when = due + settings_.stream->interval,
             .descriptor = connection.channel.descriptor(),
             .serial = connection.serial});
}

void MockServer::send(Connection& connection, std::string_view bytes) {
  if (!connection.unsent.empty()) {
    connection.unsent += bytes;
    return;
  }
  while (!bytes.empty()) {
    const auto moved = connection.channel.write(bytes);
    bytes.remove_prefix(moved.bytes);
    if (moved.bytes > 0) continue;
    // A connection that has ended says so to the next read.
    if (moved.would_wait()) {
      ++counts_.waited;
      connection.unsent = bytes;
    }
    return;
  }
}

bool MockServer::flush(Connection& connection) {
  while (!connection.unsent.empty()) {
    const auto moved = connection.channel.write(connection.unsent);
    if (moved.closed) return false;
    if (moved.would_wait()) return true;
    connection.unsent.erase(0, moved.bytes);
  }
  return true;
}

void MockServer::close(int descriptor) {
  connections_[static_cast<std::size_t>(descriptor)].reset();
}

}  // namespace bench

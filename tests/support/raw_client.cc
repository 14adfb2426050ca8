#include "tests/support/raw_client.h"

#include <arpa/inet.h>
#include <cerrno>
#include <limits>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdexcept>
#include <sys/socket.h>
#include <system_error>
#include <unistd.h>

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include "tests/support/tls_ports.h"

namespace test {

namespace http = boost::beast::http;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

namespace {

bool same_name(std::string_view left, std::string_view right) {
  return boost::beast::iequals(left, right);
}

// Whether the socket becomes ready in time.
bool ready(int socket, short events, steady_clock::time_point until) {
  while (true) {
    const auto left = std::chrono::ceil<milliseconds>(until - steady_clock::now());
    if (left.count() < 0) return false;
    pollfd wanted{socket, events, 0};
    const int found = ::poll(&wanted, 1, static_cast<int>(left.count()));
    if (found > 0) return true;
    if (found == 0 || errno != EINTR) return false;
  }
}

}  // namespace

std::string Answer::find(std::string_view name) const {
  for (const auto& [key, value] : fields) {
    if (same_name(key, name)) return value;
  }
  return {};
}

bool Answer::has(std::string_view name) const {
  for (const auto& [key, value] : fields) {
    if (same_name(key, name)) return true;
  }
  return false;
}

RawClient::RawClient(std::uint16_t port, Handshake handshake)
    : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (socket_ < 0 ||
      ::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    throw std::system_error(errno, std::generic_category(), "connect");
  }
  const int yes = 1;
  ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  const auto authority = tls_authority(port);
  if (!authority) return;
  tls_ = std::make_unique<TlsClient>(*authority);
  step_of_handshake(steady_clock::now() + kSoon);
  if (handshake == Handshake::done) shake_hands();
}

bool RawClient::step_of_handshake(Until until) {
  const bool shaken = tls_->shaken();
  if (!send_raw(tls_->to_send(), until)) throw std::runtime_error("TLS handshake: not taken");
  return shaken;
}

void RawClient::shake_hands() {
  const auto until = steady_clock::now() + kSoon;
  while (tls_ && !step_of_handshake(until)) {
    std::string bytes;
    if (receive_some(bytes, until) != Read::data) {
      throw std::runtime_error("TLS handshake: no answer");
    }
    tls_->feed(bytes);
  }
}

RawClient::~RawClient() {
  if (socket_ >= 0) ::close(socket_);
}

bool RawClient::send(std::string_view bytes, milliseconds within) {
  const auto until = steady_clock::now() + within;
  if (!tls_) return send_raw(bytes, until);
  tls_->write(bytes);
  return send_raw(tls_->to_send(), until);
}

bool RawClient::send_raw(std::string_view bytes, Until until) {
  while (!bytes.empty()) {
    const auto sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent > 0) {
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      if (!ready(socket_, POLLOUT, until)) return false;
    } else if (errno != EINTR) {
      return false;
    }
  }
  return true;
}

RawClient::Read RawClient::read_more(Until until) {
  if (ended_) return Read::ended;
  if (!tls_) {
    const Read read = receive_some(unread_, until);
    ended_ = read == Read::ended;
    return read;
  }
  // What came may be nothing but a ticket.
  for (const std::size_t before = unread_.size();;) {
    std::string bytes;
    const Read read = receive_some(bytes, until);
    if (read == Read::late) return Read::late;
    tls_->feed(bytes);
    ended_ = !tls_->read(unread_) || read == Read::ended;
    if (unread_.size() > before) return Read::data;
    if (ended_) return Read::ended;
  }
}

RawClient::Read RawClient::receive_some(std::string& into, Until until) {
  if (!ready(socket_, POLLIN, until)) return Read::late;
  char bytes[16 * 1024];
  const auto got = ::recv(socket_, bytes, sizeof bytes, 0);
  if (got <= 0) return Read::ended;
  into.append(bytes, static_cast<std::size_t>(got));
  return Read::data;
}

std::optional<Answer> RawClient::receive(milliseconds within, bool to_head) {
  const auto until = steady_clock::now() + within;
  http::response_parser<http::string_body> parser;
  parser.eager(true);
  parser.skip(to_head);
  parser.body_limit(std::numeric_limits<std::uint64_t>::max());
  parser.header_limit(1 << 20);
  boost::system::error_code error;
  while (!parser.is_done()) {
    if (!unread_.empty()) {
      const std::size_t taken = parser.put(boost::asio::buffer(unread_), error);
      unread_.erase(0, taken);
      if (error && error != http::error::need_more) return std::nullopt;
      if (parser.is_done()) break;
      if (!error && taken > 0) continue;
    }
    const Read read = read_more(until);
    if (read == Read::ended) {
      if (!parser.got_some()) return std::nullopt;
      parser.put_eof(error);
    }
    if (read != Read::data) break;
  }
  if (!parser.is_header_done()) return std::nullopt;
  Answer answer;
  answer.whole = parser.is_done();
  answer.chunked = parser.chunked();
  const auto& message = parser.get();
  answer.status = message.result_int();
  for (const auto& field : message) {
    answer.fields.emplace_back(field.name_string(), field.value());
  }
  answer.body = message.body();
  return answer;
}

std::vector<Answer> RawClient::receive_all(milliseconds within) {
  const auto until = steady_clock::now() + within;
  std::vector<Answer> answers;
  while (true) {
    const auto left = std::chrono::ceil<milliseconds>(until - steady_clock::now());
    auto answer = receive(std::max(left, milliseconds(0)));
    if (!answer) return answers;
    answers.push_back(*std::move(answer));
  }
}

std::string RawClient::receive_raw(std::size_t size, milliseconds within) {
  const auto until = steady_clock::now() + within;
  while (unread_.size() < size && read_more(until) == Read::data) {
  }
  std::string bytes = unread_.substr(0, size);
  unread_.erase(0, bytes.size());
  return bytes;
}

bool RawClient::closed(milliseconds within) {
  const auto until = steady_clock::now() + within;
  Read read = Read::data;
  while (read == Read::data) {
    unread_.clear();
    read = read_more(until);
  }
  return read == Read::ended;
}

bool RawClient::quiet_for(milliseconds time) {
  return unread_.empty() && read_more(steady_clock::now() + time) == Read::late;
}

void RawClient::shutdown_send() {
  if (tls_) {
    tls_->say_goodbye();
    send_raw(tls_->to_send(), steady_clock::now() + kSoon);
  }
  ::shutdown(socket_, SHUT_WR);
}

void RawClient::reset() {
  const linger now{1, 0};
  ::setsockopt(socket_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
  ::close(std::exchange(socket_, -1));
}

void RawClient::shrink_receive_buffer(int bytes) {
  ::setsockopt(socket_, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
}

std::vector<Answer> exchange(std::uint16_t port, std::string_view bytes, milliseconds within) {
  RawClient client(port);
  client.send(bytes, within);
  return client.receive_all(within);
}

}  // namespace test

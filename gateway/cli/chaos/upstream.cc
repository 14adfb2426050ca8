#include "gateway/cli/chaos/upstream.h"

#include <charconv>
#include <chrono>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>
#include <fmt/format.h>

#include "gateway/async.h"
#include "gateway/cli/chaos/answers.h"

namespace gateway::cli::chaos {
namespace {

using Acceptor = net::basic_socket_acceptor<Tcp, Executor>;
using Timer = net::basic_waitable_timer<std::chrono::steady_clock,
                                        net::wait_traits<std::chrono::steady_clock>, Executor>;

// What was said before a break is given time to be relayed: a reset throws away what the other
// side has not read.
constexpr std::chrono::milliseconds kBeforeABreak{100};
// How much is said before a break.
constexpr std::size_t kEventsBeforeABreak = 3;

// The path of "POST /silent/v1/chat HTTP/1.1".
std::string_view path_of(std::string_view head) {
  head.remove_prefix(std::min(head.find(' ') + 1, head.size()));
  return head.substr(0, head.find(' '));
}

// The gateway under test wrote it, in small letters or not.
std::size_t body_length(std::string_view head) {
  for (const std::string_view name : {"content-length: ", "Content-Length: "}) {
    const auto at = head.find(name);
    if (at == std::string_view::npos) continue;
    std::size_t length = 0;
    std::from_chars(head.data() + at + name.size(), head.data() + head.size(), length);
    return length;
  }
  return 0;
}

// One question and its answer; the connection ends with it.
class Talk {
 public:
  explicit Talk(TcpSocket socket) : socket_(std::move(socket)), timer_(socket_.get_executor()) {}

  Awaitable<void> run() {
    if (!co_await hear()) co_return;
    co_await answer();
    error_code ignored;
    socket_.shutdown(TcpSocket::shutdown_send, ignored);
  }

 private:
  Awaitable<bool> hear() {
    std::string bytes;
    const auto [gone, some] = co_await net::async_read(socket_, net::dynamic_buffer(bytes),
                                                       net::transfer_at_least(1), kAsTuple);
    constexpr char kTlsHandshake = 0x16;
    if (gone || bytes.front() == kTlsHandshake) co_return false;
    const auto [failed, end] =
        co_await net::async_read_until(socket_, net::dynamic_buffer(bytes), "\r\n\r\n", kAsTuple);
    if (failed) co_return false;
    const std::string head = bytes.substr(0, end);
    question_.body = bytes.substr(end);
    const std::size_t length = body_length(head);
    const std::size_t had = std::min(question_.body.size(), length);
    question_.body.resize(length);
    const auto [cut, got] = co_await net::async_read(
        socket_, net::buffer(question_.body.data() + had, length - had), kAsTuple);
    const std::string_view path = path_of(head);
    const auto second = std::min(path.find('/', 1), path.size());
    failure_ = find_failure(path.substr(1, second - 1));
    question_.path = path.substr(second);
    co_return !cut;
  }

  Awaitable<void> answer() {
    const Manner manner = failure_ == nullptr ? Manner::answers : failure_->manner;
    switch (manner) {
      case Manner::resets:
        co_return reset();
      case Manner::silent:
        co_return co_await stall();
      case Manner::says:
        co_return co_await say(failure_->status, failure_->body);
      default:
        break;
    }
    if (!question_.streamed()) {
      const std::string whole = whole_answer(question_);
      const std::size_t shown = manner == Manner::breaks_off ? whole.size() / 2 : whole.size();
      co_return co_await say(200, whole, shown);
    }
    co_await send(
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
        "Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n");
    co_await stream(manner);
  }

  Awaitable<void> stream(Manner manner) {
    if (manner == Manner::head_then_closes) co_return;
    if (manner == Manner::error_first) co_await chunk(failing_event());
    std::size_t said = 0;
    if (manner == Manner::answers || after_content(manner)) {
      for (const std::string& event : streamed_answer(question_)) {
        if (after_content(manner) && said++ == kEventsBeforeABreak) break;
        co_await chunk(event);
      }
    }
    if (after_content(manner)) co_await wait(kBeforeABreak);
    if (manner == Manner::cut) co_return reset();
    if (manner == Manner::stalls) co_return co_await stall();
    if (manner == Manner::errs) co_await chunk(failing_event());
    co_await send("0\r\n\r\n");
  }

  Awaitable<void> say(int status, std::string_view body,
                      std::size_t shown = std::string_view::npos) {
    co_await send(
        fmt::format("HTTP/1.1 {} As the drill says\r\nContent-Type: application/json\r\n"
                    "Content-Length: {}\r\nConnection: close\r\n\r\n{}",
                    status, body.size(), body.substr(0, shown)));
  }

  Awaitable<void> chunk(std::string_view bytes) {
    co_await send(fmt::format("{:x}\r\n{}\r\n", bytes.size(), bytes));
  }

  Awaitable<void> send(std::string bytes) {
    // Whoever has gone is not told.
    (void)co_await net::async_write(socket_, net::buffer(bytes), kAsTuple);
  }

  void reset() {
    error_code ignored;
    socket_.set_option(net::socket_base::linger(true, 0), ignored);
    socket_.close(ignored);
  }

  // Until the gateway has had enough.
  Awaitable<void> stall() {
    char byte = 0;
    (void)co_await socket_.async_read_some(net::buffer(&byte, 1), kAsTuple);
  }

  Awaitable<void> wait(std::chrono::milliseconds how_long) {
    timer_.expires_after(how_long);
    (void)co_await timer_.async_wait(kAsTuple);
  }

  TcpSocket socket_;
  Timer timer_;
  Question question_;
  const Failure* failure_ = nullptr;
};

Awaitable<void> talk(TcpSocket socket) {
  Talk talking(std::move(socket));
  co_await talking.run();
}

Tcp::endpoint any_port() {
  return {net::ip::address_v4::loopback(), 0};
}

}  // namespace

struct Upstream::Running {
  Running() : acceptor(io, any_port()), nobody(io) {
    nobody.open(Tcp::v4());
    nobody.bind(any_port());  // taken, and nobody listens
    net::co_spawn(io, accept(), net::detached);
    thread = std::thread([this] { io.run(); });
  }
  ~Running() {
    io.stop();
    thread.join();
  }

  Awaitable<void> accept() {
    for (;;) {
      auto accepted = co_await acceptor.async_accept(kAsTuple);
      auto& [failed, socket] = accepted;
      if (failed) continue;
      net::co_spawn(io, talk(TcpSocket(std::move(socket))), net::detached);
    }
  }

  net::io_context io{1};
  Acceptor acceptor;
  TcpSocket nobody;
  std::thread thread;
};

Upstream::Upstream() : running_(std::make_unique<Running>()) {}
Upstream::~Upstream() = default;

config::BaseUrl Upstream::instead_of(const config::BaseUrl& real, const Failure* failure) const {
  const Manner manner = failure == nullptr ? Manner::answers : failure->manner;
  config::BaseUrl url;
  url.tls = manner == Manner::no_tls;
  url.host = manner == Manner::no_such_name ? "nowhere.invalid" : "127.0.0.1";
  url.port = manner == Manner::nobody_there ? running_->nobody.local_endpoint().port()
                                            : running_->acceptor.local_endpoint().port();
  url.path = fmt::format("/{}{}", failure == nullptr ? "answers" : failure->name, real.path);
  url.host_header = fmt::format("{}:{}", url.host, url.port);
  return url;
}

}  // namespace gateway::cli::chaos

#include "tests/support/upstream_simulator/connection.h"

#include <sys/socket.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>

namespace simulator {
namespace {

namespace net = boost::asio;
namespace http = boost::beast::http;
using Socket = net::ip::tcp::socket;
using TlsStream = net::ssl::stream<Socket>;
using Parser = http::request_parser<http::string_body>;
using std::chrono::milliseconds;

constexpr auto kAsTuple = net::as_tuple(net::use_awaitable);
constexpr std::size_t kMostBody = 256U << 20U;
constexpr std::uint32_t kMostHead = 1U << 20U;
constexpr std::size_t kSlowRead = 1024;

struct Count {
  State& state;
  std::uint64_t number;
  explicit Count(State& of) : state(of), number(of.log.connection_opened()) {}
  ~Count() { state.log.connection_closed(); }
  Count(const Count&) = delete;
  Count& operator=(const Count&) = delete;
};

net::awaitable<void> pause(milliseconds time) {
  net::steady_timer timer(co_await net::this_coro::executor, time);
  co_await timer.async_wait(kAsTuple);
}

// Returns once the peer has ended the connection. Bytes are looked at, never taken: what
// the peer sends early belongs to its next request.
net::awaitable<void> until_peer_leaves(Socket& socket, bool tls) {
  co_await socket.async_wait(Socket::wait_read, kAsTuple);
  char first = 0;
  const auto got = ::recv(socket.native_handle(), &first, 1, MSG_PEEK | MSG_DONTWAIT);
  constexpr char kTlsAlert = 0x15;
  if (got > 0 && !(tls && first == kTlsAlert)) co_await pause(std::chrono::hours(24));
}

bool needs_a_watch(const Script& script) {
  if (script.ending == Ending::stall) return true;
  for (const auto& step : script.steps)
    if (step.before.count() > 0) return true;
  return false;
}

template <class Stream>
class Connection {
 public:
  Connection(Stream& stream, Socket& socket, Handler& handler, State& state, std::uint64_t number)
      : stream_(stream), socket_(socket), handler_(handler), state_(state), number_(number) {}

  net::awaitable<void> run() {
    for (int request = 1;; ++request) {
      Parser parser;
      parser.body_limit(kMostBody);
      parser.header_limit(kMostHead);
      const auto head = co_await http::async_read_header(stream_, buffer_, parser, kAsTuple);
      if (std::get<0>(head)) co_return;

      const auto early = handler_.early(std::string_view(parser.get().target()));
      const bool refuse_early = early.has(fault("early-401"));
      if (!refuse_early && !co_await read_body(parser, early)) co_return;
      const bool keep_alive = parser.get().keep_alive() && !refuse_early;
      const bool http10 = parser.get().version() < 11;
      const auto played = handler_.play(received(parser, request), keep_alive, http10);

      sent_ = 0;
      const auto ended = co_await play(*played.script);
      if (played.number != 0) state_.log.ended(played.number, ended, sent_);
      if (!co_await finish(*played.script, ended, refuse_early)) co_return;
    }
  }

 private:
  static std::string text(boost::beast::string_view view) { return {view.data(), view.size()}; }

  Received received(Parser& parser, int request) const {
    Received got;
    got.connection = number_;
    got.request_on_connection = request;
    auto& message = parser.get();
    got.method = text(message.method_string());
    got.target = text(message.target());
    for (const auto& field : message)
      got.headers.emplace_back(text(field.name_string()), text(field.value()));
    got.body = std::move(message.body());
    return got;
  }

  net::awaitable<bool> read_body(Parser& parser, const Faults& early) {
    if (boost::beast::iequals(parser.get()[http::field::expect], "100-continue")) {
      constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
      co_await net::async_write(stream_, net::buffer(kContinue), kAsTuple);
    }
    if (early.has(fault("slow-read"))) co_return co_await read_slowly(parser);
    const auto body = co_await http::async_read(stream_, buffer_, parser, kAsTuple);
    co_return !std::get<0>(body);
  }

  net::awaitable<bool> read_slowly(Parser& parser) {
    parser.eager(true);
    while (!parser.is_done()) {
      co_await pause(milliseconds(1000));
      if (buffer_.size() == 0) {
        const auto room = buffer_.prepare(kSlowRead);
        const auto got = co_await stream_.async_read_some(room, kAsTuple);
        if (std::get<0>(got)) co_return false;
        buffer_.commit(std::get<1>(got));
      }
      boost::system::error_code error;
      buffer_.consume(parser.put(buffer_.data(), error));
      if (error && error != http::error::need_more) co_return false;
    }
    co_return true;
  }

  net::awaitable<bool> send(const std::string& bytes) {
    const auto written = co_await net::async_write(stream_, net::buffer(bytes), kAsTuple);
    sent_ += std::get<1>(written);
    co_return !std::get<0>(written);
  }

  // True when everything went out.
  net::awaitable<bool> send_steps(const Script& script) {
    for (const auto& step : script.steps) {
      for (std::uint64_t time = 0; time < step.times; ++time) {
        if (step.before.count() > 0) co_await pause(step.before);
        if (!co_await send(step.bytes)) co_return false;
      }
    }
    if (script.ending == Ending::stall) co_await pause(std::chrono::hours(24));
    co_return true;
  }

  net::awaitable<Ended> play(const Script& script) {
    using namespace net::experimental::awaitable_operators;
    const auto whole = script.ending == Ending::keep_alive || script.ending == Ending::close
                           ? Ended::complete
                           : Ended::broken;
    if (!needs_a_watch(script)) {
      const bool out = co_await send_steps(script);
      co_return out ? whole : Ended::client_left;
    }
    constexpr bool kTls = !std::is_same_v<Stream, Socket>;
    const auto first = co_await (send_steps(script) || until_peer_leaves(socket_, kTls));
    const bool out = first.index() == 0 && std::get<0>(first);
    co_return out ? whole : Ended::client_left;
  }

  // False: the connection is over.
  net::awaitable<bool> finish(const Script& script, Ended ended, bool refused_early) {
    if (ended == Ended::client_left) co_return false;
    if (script.ending == Ending::keep_alive && !refused_early) co_return true;
    boost::system::error_code ignored;
    if (script.ending == Ending::reset) {
      socket_.set_option(net::socket_base::linger(true, 0), ignored);
      socket_.close(ignored);
      co_return false;
    }
    socket_.shutdown(Socket::shutdown_send, ignored);
    // Closing with unread bytes would reset the connection and take the answer along.
    if (refused_early) co_await drain();
    co_return false;
  }

  net::awaitable<void> drain() {
    for (;;) {
      const auto room = buffer_.prepare(65'536);
      const auto got = co_await stream_.async_read_some(room, kAsTuple);
      if (std::get<0>(got)) co_return;
    }
  }

  Stream& stream_;
  Socket& socket_;
  Handler& handler_;
  State& state_;
  const std::uint64_t number_;
  boost::beast::flat_buffer buffer_;
  std::uint64_t sent_ = 0;
};

}  // namespace

net::awaitable<void> serve_connection(Socket socket, net::ssl::context* tls, Handler& handler,
                                      State& state) {
  const Count count(state);
  boost::system::error_code ignored;
  socket.set_option(net::ip::tcp::no_delay(true), ignored);
  if (tls == nullptr) {
    Connection<Socket> connection(socket, socket, handler, state, count.number);
    co_await connection.run();
    co_return;
  }
  TlsStream stream(std::move(socket), *tls);
  const auto shaken = co_await stream.async_handshake(TlsStream::server, kAsTuple);
  if (std::get<0>(shaken)) co_return;
  Connection<TlsStream> connection(stream, stream.next_layer(), handler, state, count.number);
  co_await connection.run();
}

}  // namespace simulator

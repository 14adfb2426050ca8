#pragma once
// A server on loopback that does to each connection exactly what a test says: reads
// requests with Beast (not our parser), sends raw bytes, closes or resets, over TCP or
// TLS. One thread serves connections in order; joins on destruction.

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <thread>
#include <utility>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>

namespace test {

namespace net = boost::asio;
namespace http = boost::beast::http;
using boost::system::error_code;

// One connection as the server sees it.
class Peer {
 public:
  using Request = http::request<http::string_body>;

  // `tls`: after its handshake; nullptr: plain.
  using TlsStream = net::ssl::stream<net::ip::tcp::socket&>;
  explicit Peer(net::ip::tcp::socket& socket, TlsStream* tls = nullptr)
      : socket_(socket), tls_(tls) {}

  // false: the gateway closed, or sent what is no request.
  bool read(Request& request) {
    http::request_parser<http::string_body> parser;
    parser.body_limit(64 * 1024 * 1024);
    error_code error;
    with_stream([&](auto& stream) { http::read(stream, buffer_, parser, error); });
    if (error) return false;
    request = parser.release();
    return true;
  }
  bool read() {
    Request ignored;
    return read(ignored);
  }

  bool send(std::string_view bytes) {
    error_code error;
    with_stream(
        [&](auto& stream) { net::write(stream, net::buffer(bytes.data(), bytes.size()), error); });
    return !error;
  }

  // Until the gateway closes; what it sent meanwhile is dropped.
  void wait_for_close() {
    error_code error;
    char bytes[4096];
    while (!error) {
      with_stream([&](auto& stream) { stream.read_some(net::buffer(bytes), error); });
    }
  }

  void reset() {
    error_code ignored;
    socket_.set_option(net::socket_base::linger(true, 0), ignored);
    socket_.close(ignored);
  }

  net::ip::tcp::socket& socket() { return socket_; }

  TlsStream* tls() { return tls_; }

 private:
  void with_stream(auto&& use) {
    if (tls_ != nullptr) {
      use(*tls_);
    } else {
      use(socket_);
    }
  }

  net::ip::tcp::socket& socket_;
  TlsStream* tls_;
  boost::beast::flat_buffer buffer_;
};

class ScriptedUpstream {
 public:
  using Script = std::function<void(Peer&)>;

  // The first script serves the first connection, …, the last one all that follow.
  explicit ScriptedUpstream(std::vector<Script> scripts, const char* address = "127.0.0.1")
      : scripts_(std::move(scripts)),
        acceptor_(io_, {net::ip::make_address(address), 0}),
        thread_([this] { serve(); }) {}
  explicit ScriptedUpstream(Script script) : ScriptedUpstream(std::vector{std::move(script)}) {}

  // Over TLS; a connection whose handshake fails is closed and counts in handshakes_failed().
  ScriptedUpstream(net::ssl::context& tls, Script script)
      : scripts_{std::move(script)},
        tls_(&tls),
        acceptor_(io_, {net::ip::make_address("127.0.0.1"), 0}),
        thread_([this] { serve(); }) {}

  ~ScriptedUpstream() {
    stopping_ = true;
    ::shutdown(acceptor_.native_handle(), SHUT_RDWR);
    {
      std::lock_guard lock(mutex_);
      if (current_ >= 0) ::shutdown(current_, SHUT_RDWR);
    }
    thread_.join();
  }
  ScriptedUpstream(const ScriptedUpstream&) = delete;
  ScriptedUpstream& operator=(const ScriptedUpstream&) = delete;

  std::uint16_t port() const { return acceptor_.local_endpoint().port(); }
  int connections() const { return connections_; }
  int handshakes_failed() const { return handshakes_failed_; }

 private:
  void serve() {
    for (std::size_t i = 0; !stopping_; ++i) {
      net::ip::tcp::socket socket(io_);
      error_code error;
      acceptor_.accept(socket, error);
      if (error) return;
      ++connections_;
      {
        std::lock_guard lock(mutex_);
        if (stopping_) return;
        current_ = socket.native_handle();
      }
      const Script& script = scripts_[std::min(i, scripts_.size() - 1)];
      if (tls_ != nullptr) {
        Peer::TlsStream stream(socket, *tls_);
        stream.handshake(net::ssl::stream_base::server, error);
        if (error) {
          ++handshakes_failed_;
        } else {
          Peer peer(socket, &stream);
          script(peer);
          // Says TLS's goodbye and waits for the gateway's end of the connection.
          stream.shutdown(error);
        }
      } else {
        Peer peer(socket);
        script(peer);
      }
      std::lock_guard lock(mutex_);
      current_ = -1;
      // A close with bytes unread would reset, and take our answer with it.
      error_code ignored;
      if (socket.is_open()) socket.shutdown(net::socket_base::shutdown_both, ignored);
      socket.close(ignored);
    }
  }

  std::vector<Script> scripts_;
  net::ssl::context* tls_ = nullptr;
  net::io_context io_{1};
  net::ip::tcp::acceptor acceptor_;
  std::atomic<bool> stopping_{false};
  std::atomic<int> connections_{0};
  std::atomic<int> handshakes_failed_{0};
  std::mutex mutex_;
  int current_ = -1;  // guarded by mutex_
  std::thread thread_;
};

}  // namespace test

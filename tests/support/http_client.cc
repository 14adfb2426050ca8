#include "tests/support/http_client.h"

#include <algorithm>
#include <array>
#include <stdexcept>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>

#include "tests/support/tls_ports.h"

namespace test {

namespace beast = boost::beast;
namespace http = beast::http;
namespace net = boost::asio;
using boost::system::error_code;

namespace {

constexpr std::uint64_t kMostBody = 1ULL << 30U;
constexpr std::uint32_t kMostHead = 1U << 20U;

beast::string_view view(std::string_view text) {
  return {text.data(), text.size()};
}

// 100, 102, 103: the answer itself is still to come. After 101 comes no HTTP at all.
bool is_interim(unsigned status) {
  return status >= 100 && status < 200 && status != 101;
}

[[noreturn]] void fail(std::string_view doing, error_code error) {
  throw std::runtime_error("HTTP client, " + std::string(doing) + ": " + error.message());
}

}  // namespace

std::string HttpAnswer::header(std::string_view name) const {
  for (const auto& [key, value] : headers)
    if (beast::iequals(view(key), view(name))) return value;
  return {};
}

struct HttpClient::Session {
  Session(std::uint16_t to_port, std::chrono::milliseconds within)
      : port(to_port), deadline(within) {}

  // Runs one asynchronous operation to its end under the deadline.
  template <class Start>
  error_code run(Start start) {
    error_code result = net::error::would_block;
    stream.expires_after(deadline);
    start([&result](error_code error, auto&&...) { result = error; });
    context.restart();
    context.run();
    stream.expires_never();
    return result;
  }

  void connect() {
    if (stream.socket().is_open()) return;
    buffer.clear();
    const net::ip::tcp::endpoint server(net::ip::address_v4::loopback(), port);
    const auto error = run([&](auto done) { stream.async_connect(server, done); });
    if (error) fail("connecting", error);
    stream.socket().set_option(net::ip::tcp::no_delay(true));
    if (const auto authority = tls_authority(port)) shake_hands(*authority);
  }

  void shake_hands(const std::string& ca_file) {
    trust.emplace(net::ssl::context::tls_client);
    trust->load_verify_file(ca_file);
    trust->set_verify_mode(net::ssl::verify_peer);
    tls.emplace(stream, *trust);
    tls->set_verify_callback(net::ssl::host_name_verification("127.0.0.1"));
    const auto error =
        run([&](auto done) { tls->async_handshake(net::ssl::stream_base::client, done); });
    if (error) fail("shaking hands", error);
  }

  // One operation on what the answers come through.
  template <class Operation>
  void on_stream(Operation operation) {
    if (tls) {
      operation(*tls);
    } else {
      operation(stream);
    }
  }

  void close() {
    tls.reset();
    stream.close();
  }

  const std::uint16_t port;
  const std::chrono::milliseconds deadline;
  net::io_context context{1};
  beast::tcp_stream stream{context};
  std::optional<net::ssl::context> trust;
  std::optional<net::ssl::stream<beast::tcp_stream&>> tls;
  beast::flat_buffer buffer;
  std::optional<http::response_parser<http::buffer_body>> parser;
  std::string events;  // read, not yet taken by read_event()
};

HttpClient::HttpClient(std::uint16_t port, std::chrono::milliseconds deadline)
    : session_(std::make_unique<Session>(port, deadline)) {}
HttpClient::~HttpClient() = default;
HttpClient::HttpClient(HttpClient&&) noexcept = default;

HttpAnswer HttpClient::get(std::string_view target, const HeaderFields& headers) {
  return request("GET", target, "", headers);
}

HttpAnswer HttpClient::post(std::string_view target, std::string_view body,
                            const HeaderFields& headers) {
  return request("POST", target, body, headers);
}

HttpAnswer HttpClient::request(std::string_view method, std::string_view target,
                               std::string_view body, const HeaderFields& headers) {
  send(method, target, body, headers);
  auto answer = read_head();
  answer.body = read_rest();
  return answer;
}

void HttpClient::send(std::string_view method, std::string_view target, std::string_view body,
                      const HeaderFields& headers) {
  session_->connect();
  http::request<http::string_body> request;
  request.version(11);
  request.method_string(view(method));
  request.target(view(target));
  request.set(http::field::host, "127.0.0.1:" + std::to_string(session_->port));
  for (const auto& [name, value] : headers) request.insert(name, value);
  if (!body.empty() && request.find(http::field::content_type) == request.end())
    request.set(http::field::content_type, "application/json");
  request.body() = body;
  if (!body.empty() || method == "POST") request.content_length(body.size());
  const auto error = session_->run([&](auto done) {
    session_->on_stream([&](auto& stream) { http::async_write(stream, request, done); });
  });
  if (error) fail("sending", error);
}

HttpAnswer HttpClient::read_head() {
  auto& session = *session_;
  session.events.clear();
  do {
    session.parser.emplace();
    session.parser->body_limit(kMostBody);
    session.parser->header_limit(kMostHead);
    const auto error = session.run([&](auto done) {
      session.on_stream([&](auto& stream) {
        http::async_read_header(stream, session.buffer, *session.parser, done);
      });
    });
    if (error) fail("reading the head", error);
  } while (is_interim(session.parser->get().result_int()));
  HttpAnswer answer;
  answer.status = session.parser->get().result_int();
  for (const auto& field : session.parser->get())
    answer.headers.emplace_back(field.name_string(), field.value());
  return answer;
}

std::optional<std::string> HttpClient::read_some() {
  auto& session = *session_;
  auto& parser = *session.parser;
  std::array<char, 16 * 1024> room;
  while (!parser.is_done()) {
    parser.get().body().data = room.data();
    parser.get().body().size = room.size();
    parser.get().body().more = true;
    const auto error = session.run([&](auto done) {
      session.on_stream(
          [&](auto& stream) { http::async_read_some(stream, session.buffer, parser, done); });
    });
    if (error && error != http::error::need_buffer) fail("reading the body", error);
    const auto got = room.size() - parser.get().body().size;
    if (got > 0) return std::string(room.data(), got);
  }
  if (!parser.get().keep_alive()) close();
  return std::nullopt;
}

std::optional<std::string> HttpClient::read_event() {
  auto& events = session_->events;
  for (;;) {
    const auto end = events.find("\n\n");
    if (end != std::string::npos) {
      auto event = events.substr(0, end);
      events.erase(0, end + 2);
      return event;
    }
    auto more = read_some();
    if (!more) return std::nullopt;
    events += *more;
  }
}

std::string HttpClient::read_rest() {
  std::string rest = std::move(session_->events);
  session_->events.clear();
  while (auto more = read_some()) rest += *more;
  return rest;
}

void HttpClient::close() {
  error_code ignored;
  session_->stream.socket().shutdown(net::ip::tcp::socket::shutdown_both, ignored);
  session_->close();
}

void HttpClient::reset() {
  error_code ignored;
  session_->stream.socket().set_option(net::socket_base::linger(true, 0), ignored);
  session_->close();
}

bool HttpClient::is_open() const {
  return session_->stream.socket().is_open();
}

}  // namespace test

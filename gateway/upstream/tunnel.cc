#include "gateway/upstream/tunnel.h"

#include <array>
#include <span>
#include <string>
#include <utility>

#include <boost/beast/http/status.hpp>
#include <fmt/format.h>

#include "config/network.h"
#include "gateway/upstream/answer_parser.h"
#include "gateway/upstream/errors.h"

namespace gateway::upstream {
namespace {

using config::Result;

std::string authority(const OriginView& upstream) {
  return config::to_string(config::Endpoint{std::string(upstream.host), upstream.port});
}

std::string request_for(const std::string& where, const config::Proxy& proxy) {
  std::string out = fmt::format("CONNECT {0} HTTP/1.1\r\nHost: {0}\r\n", where);
  if (!proxy.authorization.empty()) {
    out.append("Proxy-Authorization: ").append(proxy.authorization.reveal()).append("\r\n");
  }
  return out + "\r\n";
}

config::Error refused(int status, const std::string& where, const config::Proxy& proxy) {
  const auto known = boost::beast::http::obsolete_reason(
      boost::beast::http::int_to_status(static_cast<unsigned>(status)));
  const std::string reason(known.data(), known.size());
  return config::failure(
      config::ErrorCode::upstream_unavailable,
      fmt::format("The egress proxy refused to reach the upstream ({} {}).", status, reason),
      fmt::format("proxy {} answered {} {} to CONNECT {}", proxy.name, status, reason, where));
}

Awaitable<Result<void>> write_all(Connection& connection, std::string_view bytes) {
  while (!bytes.empty()) {
    const net::const_buffer range(bytes.data(), bytes.size());
    const Io io = connection.write_now({&range, 1});
    bytes.remove_prefix(io.bytes);
    if (!io.error) continue;
    if (io.error != net::error::would_block) co_return unavailable(io.error.message());
    const auto [failed] = co_await connection.writable();
    if (failed) co_return unavailable(failed.message());
  }
  co_return Result<void>();
}

Awaitable<Result<void>> read_head(Connection& connection, AnswerParser& answer) {
  std::array<char, 4096> room;
  while (!answer.head_complete()) {
    const Io io = connection.read_now({room.data(), room.size()});
    if (io.bytes == 0 && io.error == net::error::would_block) {
      const auto [failed] = co_await connection.readable();
      if (failed) co_return unavailable(failed.message());
      continue;
    }
    if (io.bytes == 0) co_return unavailable("closed without an answer: " + io.error.message());
    auto behind = answer.feed({room.data(), io.bytes});
    if (!behind) co_return std::move(behind).error();
    // Whoever is behind the tunnel waits for us to speak first.
    const bool opened = answer.head_complete() && answer.status() / 100 == 2;
    if (opened && !behind->empty()) co_return garbled("bytes behind the tunnel's beginning");
  }
  co_return Result<void>();
}

}  // namespace

Awaitable<Result<void>> open_tunnel(Connection& proxy_connection, OriginView upstream,
                                    const config::Proxy& proxy) {
  const std::string where = authority(upstream);
  const std::string request = request_for(where, proxy);
  AnswerParser answer;
  auto done = co_await write_all(proxy_connection, request);
  if (done) done = co_await read_head(proxy_connection, answer);
  if (!done) {
    config::Error error = std::move(done).error();
    error.message = "The egress proxy did not let us reach the upstream.";
    error.detail = fmt::format("proxy {}, CONNECT {}: {}", proxy.name, where, error.detail);
    co_return error;
  }
  if (answer.status() / 100 != 2) co_return refused(answer.status(), where, proxy);
  co_return Result<void>();
}

}  // namespace gateway::upstream

#include "gateway/upstream/request_head.h"

#include <algorithm>
#include <string_view>

#include <boost/beast/core/string.hpp>
#include <fmt/format.h>

#include "gateway/http/head_rules.h"

namespace gateway::upstream {
namespace {

using boost::beast::iequals;
using http::is_token;

constexpr std::string_view kOurs[] = {"host",
                                      "content-length",
                                      "transfer-encoding",
                                      "connection",
                                      "accept-encoding",
                                      "expect",
                                      "upgrade",
                                      "te",
                                      "trailer",
                                      "keep-alive"};

bool is_value(std::string_view text) {
  return std::none_of(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f;
  });
}

bool is_path(std::string_view text) {
  return text.starts_with('/') &&
         std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7f; });
}

config::Error refused(std::string detail) {
  return config::failure(config::ErrorCode::internal,
                         "The gateway could not form the request to the upstream.",
                         std::move(detail));
}

}  // namespace

config::Result<std::string> request_head(const config::Target& target,
                                         const providers::UpstreamRequest& request) {
  if (!is_path(request.path)) return refused("illegal path");
  if (!is_value(target.base_url.host_header)) return refused("illegal host");

  std::string given;
  bool has_agent = false;
  bool has_accept = false;
  bool has_type = false;
  for (const auto& [name, value] : request.headers) {
    // The value may be a key: it is not repeated in the error.
    if (!is_token(name) || !is_value(value)) return refused("illegal header " + name);
    const auto is = [&field = name](std::string_view other) { return iequals(field, other); };
    if (std::any_of(std::begin(kOurs), std::end(kOurs), is)) return refused("header " + name);
    has_agent |= is("user-agent");
    has_accept |= is("accept");
    has_type |= is("content-type");
    given.append(name).append(": ").append(value).append("\r\n");
  }

  std::string head;
  head.reserve(256 + request.path.size() + given.size());
  const bool has_body = request.method != "GET";
  head.append(request.method).append(" ").append(request.path).append(" HTTP/1.1\r\nHost: ");
  head.append(target.base_url.host_header).append("\r\n");
  if (!has_agent) head.append("User-Agent: tollgate/" TOLLGATE_VERSION "\r\n");
  if (!has_accept) {
    head.append(request.streamed ? "Accept: text/event-stream\r\n"
                                 : "Accept: application/json\r\n");
  }
  if (has_body && !has_type) head.append("Content-Type: application/json\r\n");
  // Asked for explicitly: without the field a server may compress.
  head.append("Accept-Encoding: identity\r\n");
  if (has_body) {
    fmt::format_to(std::back_inserter(head), "Content-Length: {}\r\n", request.body.size());
  }
  head.append(given).append("\r\n");
  return head;
}

}  // namespace gateway::upstream

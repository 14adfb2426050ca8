#include "gateway/http/head_rules.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>

namespace gateway::http {

using config::Error;
using config::ErrorCode;
using config::failure;
using config::Result;

namespace {

constexpr std::size_t kMaxMethod = 32;

template <class Predicate>
constexpr std::array<bool, 256> table_of(Predicate allowed) {
  std::array<bool, 256> table{};
  for (std::size_t c = 0; c < table.size(); ++c) table[c] = allowed(static_cast<unsigned char>(c));
  return table;
}

constexpr bool is_alnum(unsigned char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
constexpr bool is_one_of(unsigned char c, std::string_view set) {
  return set.find(static_cast<char>(c)) != std::string_view::npos;
}

constexpr auto kToken =
    table_of([](unsigned char c) { return is_alnum(c) || is_one_of(c, "!#$%&'*+-.^_`|~"); });
// RFC 3986's characters of path and query, and the square brackets many clients leave bare.
constexpr auto kTarget =
    table_of([](unsigned char c) { return is_alnum(c) || is_one_of(c, "-._~:/?[]@!$&'()*+,;=%"); });
constexpr auto kHostName =
    table_of([](unsigned char c) { return is_alnum(c) || is_one_of(c, "-._"); });
constexpr auto kAddress6 =
    table_of([](unsigned char c) { return is_alnum(c) || is_one_of(c, ":."); });

bool consists_of(std::string_view text, const std::array<bool, 256>& allowed) {
  return std::all_of(text.begin(), text.end(),
                     [&](char c) { return allowed[static_cast<unsigned char>(c)]; });
}

verb method_of(std::string_view token) {
  // TRACE, CONNECT and the rest of the registry are not ours to serve.
  if (token == "POST") return verb::post;
  if (token == "GET") return verb::get;
  if (token == "HEAD") return verb::head;
  if (token == "OPTIONS") return verb::options;
  if (token == "DELETE") return verb::delete_;
  if (token == "PUT") return verb::put;
  if (token == "PATCH") return verb::patch;
  return verb::unknown;
}

Error malformed(const char* reason) {
  return failure(ErrorCode::malformed_request, reason);
}

bool lawful_port(std::string_view port) {
  unsigned number = 0;
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), number);
  return !port.empty() && port.size() <= 5 && error == std::errc{} &&
         end == port.data() + port.size() && number <= 65'535;
}

// Fields that decide where a message ends, who asks and what it is may not be said twice.
enum class Single : std::uint8_t {
  none,
  host,
  content_length,
  transfer_encoding,
  authorization,
  content_type,
  content_encoding,
  expect,
  count
};

Single single_of(std::string_view name) {
  switch (name.size()) {
    case 4:
      return equal_ignoring_case(name, "host") ? Single::host : Single::none;
    case 6:
      return equal_ignoring_case(name, "expect") ? Single::expect : Single::none;
    case 12:
      return equal_ignoring_case(name, "content-type") ? Single::content_type : Single::none;
    case 13:
      return equal_ignoring_case(name, "authorization") ? Single::authorization : Single::none;
    case 14:
      return equal_ignoring_case(name, "content-length") ? Single::content_length : Single::none;
    case 16:
      return equal_ignoring_case(name, "content-encoding") ? Single::content_encoding
                                                           : Single::none;
    case 17:
      return equal_ignoring_case(name, "transfer-encoding") ? Single::transfer_encoding
                                                            : Single::none;
    default:
      return Single::none;
  }
}

}  // namespace

std::string_view raw_problem(std::string_view head) {
  const char* const end = head.data() + head.size();
  for (const char* at = head.data(); at < end; ++at) {
    const auto left = static_cast<std::size_t>(end - at);
    // The nearest CR must be the one before the nearest LF.
    const char* feed = static_cast<const char*>(std::memchr(at, '\n', left));
    if (feed == nullptr) break;
    const char* carriage = static_cast<const char*>(std::memchr(at, '\r', left));
    if (carriage == nullptr || carriage + 1 != feed) return "a line that does not end in CRLF";
    at = feed;
    if (at + 1 < end && (at[1] == ' ' || at[1] == '\t')) return "a line that begins with a blank";
  }
  return {};
}

bool is_token(std::string_view text) {
  return !text.empty() && consists_of(text, kToken);
}

bool forbidden_in_trailers(std::string_view name) {
  return single_of(name) != Single::none || equal_ignoring_case(name, "connection") ||
         equal_ignoring_case(name, "cookie") || equal_ignoring_case(name, "trailer") ||
         equal_ignoring_case(name, "upgrade") || equal_ignoring_case(name, "te");
}

Result<LineProgress> read_request_line(std::string_view bytes) {
  if (bytes.starts_with("\r\n")) bytes.remove_prefix(2);  // RFC 9112 2.2: one is forgiven
  if (bytes.empty() || bytes == "\r") return LineProgress{};

  const std::size_t line_end = bytes.find('\n');
  const bool whole = line_end != std::string_view::npos;
  std::string_view line = bytes.substr(0, whole ? line_end : bytes.size());
  const std::size_t method_end = line.find(' ');
  const std::string_view method = line.substr(0, method_end);
  if (!is_token(method)) return malformed("The method is not a token.");
  if (method.size() > kMaxMethod) return malformed("The method is too long.");
  if (method_end == std::string_view::npos) {
    if (whole) return malformed("The request line needs a method, a target and a version.");
    return LineProgress{};
  }

  line.remove_prefix(method_end + 1);
  const std::size_t target_end = line.find(' ');
  const std::string_view target = line.substr(0, target_end);
  if (target.size() > kMaxTarget) {
    return failure(ErrorCode::target_too_long, "The request's target is too long.");
  }
  if (!whole) return LineProgress{};
  if (target_end == std::string_view::npos || target.empty()) {
    return malformed("The request line needs a method, a target and a version.");
  }
  const std::string_view version = line.substr(target_end + 1);
  if (version != "HTTP/1.1\r" && version != "HTTP/1.0\r") {
    return malformed(
        "The request line must end in HTTP/1.1 or HTTP/1.0, each part one space apart.");
  }
  if (!consists_of(target, kTarget)) {
    return malformed("The request's target holds a character that must be percent-encoded.");
  }
  return LineProgress{LineState::done,
                      {method_of(method), target, version == "HTTP/1.1\r" ? 1 : 0}};
}

bool lawful_host(std::string_view value) {
  if (value.starts_with('[')) {
    const std::size_t close = value.find(']');
    if (close == std::string_view::npos || close < 3) return false;
    const std::string_view address = value.substr(1, close - 1);
    if (!consists_of(address, kAddress6) || address.find(':') == std::string_view::npos)
      return false;
    const std::string_view rest = value.substr(close + 1);
    return rest.empty() || (rest.front() == ':' && lawful_port(rest.substr(1)));
  }
  const std::size_t colon = value.find(':');
  const std::string_view name = value.substr(0, colon);
  if (name.empty() || name.size() > 255 || !consists_of(name, kHostName)) return false;
  return colon == std::string_view::npos || lawful_port(value.substr(colon + 1));
}

std::optional<std::uint64_t> read_content_length(std::string_view value) {
  if (value.empty() || (value.size() > 1 && value.front() == '0')) return std::nullopt;
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
  if (error != std::errc{} || end != value.data() + value.size()) return std::nullopt;
  return number;
}

std::optional<std::string_view> path_of(verb method, std::string_view target,
                                        std::string_view host) {
  if (target == "*") {
    if (method == verb::options) return target;
    return std::nullopt;
  }
  if (!target.starts_with('/')) {
    // Absolute-form: served where it names the very authority the Host field names.
    constexpr std::string_view kScheme = "http://";
    if (host.empty() || !equal_ignoring_case(target.substr(0, kScheme.size()), kScheme)) {
      return std::nullopt;
    }
    target.remove_prefix(kScheme.size());
    if (!equal_ignoring_case(target.substr(0, host.size()), host)) return std::nullopt;
    target.remove_prefix(host.size());
    if (!target.starts_with('/')) return std::nullopt;
  }
  return target.substr(0, target.find('?'));
}

Result<RequestFacts> check_request(const RequestLine& line, std::span<const Field> fields) {
  std::array<const Field*, static_cast<std::size_t>(Single::count)> singles{};
  const auto single = [&](Single which) { return singles[static_cast<std::size_t>(which)]; };
  for (const Field& field : fields) {
    const Single which = single_of(field.name);
    if (which == Single::none) continue;
    const Field*& place = singles[static_cast<std::size_t>(which)];
    if (place != nullptr) return malformed("A header field that may occur once occurs twice.");
    place = &field;
  }

  RequestFacts facts;
  if (const Field* host = single(Single::host); host != nullptr) {
    if (!lawful_host(host->value)) return malformed("The Host field is not a host and port.");
    facts.host = host->value;
  } else if (line.minor_version >= 1) {
    return malformed("HTTP/1.1 needs a Host field.");
  }

  const auto path = path_of(line.method, line.target, facts.host);
  if (!path) return malformed("The request's target must be a path on this host.");
  facts.path = *path;

  if (const Field* encoding = single(Single::transfer_encoding); encoding != nullptr) {
    if (line.minor_version < 1) return malformed("HTTP/1.0 knows no Transfer-Encoding.");
    if (single(Single::content_length) != nullptr) {
      return malformed("Content-Length and Transfer-Encoding exclude each other.");
    }
    if (!equal_ignoring_case(encoding->value, "chunked")) {
      return malformed("The only Transfer-Encoding understood is chunked.");
    }
    facts.chunked = true;
  } else if (const Field* length = single(Single::content_length); length != nullptr) {
    facts.content_length = read_content_length(length->value);
    if (!facts.content_length) return malformed("Content-Length is not a plain number.");
  }

  if (const Field* coding = single(Single::content_encoding);
      coding != nullptr && !equal_ignoring_case(coding->value, "identity")) {
    return failure(ErrorCode::unsupported_media_type,
                   "Send the body as it is: no Content-Encoding is understood.");
  }
  if (const Field* expect = single(Single::expect); expect != nullptr && line.minor_version >= 1) {
    if (!equal_ignoring_case(expect->value, "100-continue")) {
      return failure(ErrorCode::expectation_failed,
                     "The only expectation understood is 100-continue.");
    }
    if (!facts.has_body()) {
      return failure(ErrorCode::expectation_failed,
                     "100-continue without a body to continue with.");
    }
    facts.expects_continue = true;
  }
  return facts;
}

}  // namespace gateway::http

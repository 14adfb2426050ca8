#include "config/base_url.h"

#include <algorithm>
#include <optional>

#include "config/network.h"

namespace config {
namespace {

constexpr std::size_t kLongestHost = 253;

std::string lowered(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

bool is_alphanumeric(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

// A host name: labels of letters, digits, hyphens and (for compose services)
// underscores. All digits and dots would be an address, and then a right one.
bool is_host_name(std::string_view host) {
  if (host.empty() || host.size() > kLongestHost) return false;
  if (host.find_first_not_of("0123456789.") == std::string_view::npos) return is_ipv4(host);
  if (host.front() == '.' || host.front() == '-' || host.find("..") != std::string_view::npos) {
    return false;
  }
  return std::all_of(host.begin(), host.end(),
                     [](char c) { return is_alphanumeric(c) || c == '-' || c == '.' || c == '_'; });
}

bool is_path(std::string_view path) {
  constexpr std::string_view kOthers = "/-._~%!$&'()*+,;=:@";
  const bool plain = std::all_of(path.begin(), path.end(), [&](char c) {
    return is_alphanumeric(c) || kOthers.find(c) != std::string_view::npos;
  });
  return plain && path.find("//") == std::string_view::npos &&
         path.find("/.") == std::string_view::npos;
}

struct Authority {
  std::string_view host;
  std::string_view port;  // empty: not given
  bool bracketed = false;
};

std::optional<Authority> split(std::string_view authority) {
  if (authority.empty() || authority.front() != '[') {
    const auto colon = authority.find(':');
    if (colon == std::string_view::npos) return Authority{authority, {}};
    if (colon + 1 == authority.size()) return std::nullopt;
    return Authority{authority.substr(0, colon), authority.substr(colon + 1)};
  }
  const auto bracket = authority.find(']');
  if (bracket == std::string_view::npos) return std::nullopt;
  const auto host = authority.substr(1, bracket - 1);
  const auto rest = authority.substr(bracket + 1);
  if (rest.empty()) return Authority{host, {}, true};
  if (rest.size() < 2 || rest.front() != ':') return std::nullopt;
  return Authority{host, rest.substr(1), true};
}

}  // namespace

std::variant<BaseUrl, std::string> parse_base_url(std::string_view text) {
  BaseUrl out;
  const auto scheme_end = text.find("://");
  const auto scheme = lowered(text.substr(0, std::min(scheme_end, text.size())));
  if (scheme_end == std::string_view::npos || (scheme != "https" && scheme != "http")) {
    return "must begin with https:// (or http:// to this machine)";
  }
  out.tls = scheme == "https";
  text.remove_prefix(scheme_end + 3);
  if (text.find_first_of("?#") != std::string_view::npos) {
    return "must end with the path: a query or a fragment has no place in it";
  }
  const auto slash = std::min(text.find('/'), text.size());
  const auto authority = text.substr(0, slash);
  auto path = text.substr(slash);
  if (authority.find('@') != std::string_view::npos) {
    return "must not hold a user or a password; the key belongs in api_key";
  }
  const auto parts = split(authority);
  if (!parts) return "has a host or a port that cannot be read";
  if (parts->bracketed ? !is_ipv6(parts->host) : !is_host_name(parts->host)) {
    return "has a host that is neither a name nor an address";
  }
  out.host = lowered(parts->host);
  out.host_header = parts->bracketed ? '[' + out.host + ']' : out.host;
  out.port = out.tls ? 443 : 80;
  if (!parts->port.empty()) {
    const auto port = parse_port(parts->port);
    if (!port || *port == 0) return "has a port that is not from 1 to 65535";
    if (*port != out.port) out.host_header += ':' + std::to_string(*port);
    out.port = *port;
  }
  while (!path.empty() && path.back() == '/') path.remove_suffix(1);
  if (!is_path(path)) return "has a path that a request line cannot carry as it stands";
  out.path = path;
  return out;
}

}  // namespace config

#include "config/proxy.h"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <charconv>
#include <cstring>

#include <fmt/format.h>
#include <openssl/evp.h>

#include "config/network.h"

namespace config {
namespace {

std::string lowered(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

std::optional<std::string> decoded(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] != '%') {
      out += text[at];
      continue;
    }
    unsigned value = 0;
    const auto digits = text.substr(at + 1, 2);
    const auto [stop, error] =
        std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
    if (digits.size() != 2 || error != std::errc() || stop != digits.data() + 2) {
      return std::nullopt;
    }
    out += static_cast<char>(value);
    at += 2;
  }
  return out;
}

std::string base64(std::string_view text) {
  std::string out(4 * ((text.size() + 2) / 3) + 1, '\0');
  const int size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                                   reinterpret_cast<const unsigned char*>(text.data()),
                                   static_cast<int>(text.size()));
  out.resize(static_cast<std::size_t>(size));
  return out;
}

// An address as bytes: 4 of them, 16, or none.
std::string bytes_of(const std::string& address) {
  std::array<char, 16> bytes{};
  if (::inet_pton(AF_INET, address.c_str(), bytes.data()) == 1) return {bytes.data(), 4};
  if (::inet_pton(AF_INET6, address.c_str(), bytes.data()) == 1) return {bytes.data(), 16};
  return {};
}

// "10.0.0.0/8"
bool in_network(const std::string& host, std::string_view network) {
  const auto slash = network.find('/');
  if (slash == std::string_view::npos) return false;
  const std::string ours = bytes_of(host);
  const std::string theirs = bytes_of(std::string(network.substr(0, slash)));
  std::size_t bits = 0;
  const auto length = network.substr(slash + 1);
  const auto [stop, error] = std::from_chars(length.data(), length.data() + length.size(), bits);
  if (error != std::errc() || stop != length.data() + length.size() || ours.empty() ||
      ours.size() != theirs.size() || bits > ours.size() * 8) {
    return false;
  }
  const std::size_t whole = bits / 8;
  if (ours.compare(0, whole, theirs, 0, whole) != 0) return false;
  if (bits % 8 == 0) return true;
  const unsigned shift = 8 - static_cast<unsigned>(bits % 8);
  return (static_cast<unsigned char>(ours[whole]) >> shift) ==
         (static_cast<unsigned char>(theirs[whole]) >> shift);
}

// One entry of NO_PROXY: "*", a name (which counts for what is below it), an address, a
// network; perhaps with a port.
bool exempts(std::string_view entry, const BaseUrl& upstream) {
  if (entry == "*") return true;
  if (in_network(upstream.host, entry)) return true;
  if (entry.starts_with('[')) entry.remove_prefix(1);
  if (is_ipv6(entry) || entry.ends_with(']')) {
    if (entry.ends_with(']')) entry.remove_suffix(1);
    return bytes_of(std::string(entry)) == bytes_of(upstream.host);
  }
  if (const auto colon = entry.rfind(':'); colon != std::string_view::npos) {
    if (parse_port(entry.substr(colon + 1)) != upstream.port) return false;
    entry = entry.substr(0, colon);
  }
  if (entry.starts_with("*.")) entry.remove_prefix(1);
  if (entry.starts_with('.')) entry.remove_prefix(1);
  const std::string_view host = upstream.host;
  if (entry.empty() || !host.ends_with(entry)) return false;
  return host.size() == entry.size() || host[host.size() - entry.size() - 1] == '.';
}

bool is_exempt(const std::string& list, const BaseUrl& upstream) {
  const std::string entries = lowered(list);
  for (std::string_view left = entries; !left.empty();) {
    const auto end = std::min(left.find_first_of(", "), left.size());
    if (exempts(left.substr(0, end), upstream)) return true;
    left.remove_prefix(std::min(end + 1, left.size()));
  }
  return false;
}

}  // namespace

std::variant<Proxy, std::string> parse_proxy(std::string_view text) {
  constexpr std::string_view kScheme = "http://";
  if (lowered(text.substr(0, kScheme.size())) != kScheme) {
    return "must begin with http:// (what goes through it is TLS all the same where the upstream's "
           "address begins with https://)";
  }
  text.remove_prefix(kScheme.size());
  Proxy out;
  std::string user;
  if (const auto at = text.rfind('@'); at != std::string_view::npos) {
    const auto login = text.substr(0, at);
    text.remove_prefix(at + 1);
    const auto colon = std::min(login.find(':'), login.size());
    const auto name = decoded(login.substr(0, colon));
    const auto password = decoded(login.substr(std::min(colon + 1, login.size())));
    if (!name || !password || name->empty()) return "has a user or a password that cannot be read";
    // RFC 7617: what stands before the first colon is the user.
    if (name->find(':') != std::string::npos) return "has a user with a colon in it";
    user = std::string(login.substr(0, colon)) + '@';
    out.authorization = Secret("Basic " + base64(*name + ':' + *password));
  }
  const auto address = parse_base_url(std::string(kScheme) + std::string(text));
  if (const auto* why = std::get_if<std::string>(&address)) return *why;
  const auto& url = std::get<BaseUrl>(address);
  if (!url.path.empty()) return "must end with the port: a proxy has no path";
  const auto bracket = text.rfind(']');
  if (text.find(':', bracket == std::string_view::npos ? 0 : bracket) == std::string_view::npos) {
    return "must name a port, like http://proxy.example.org:3128";
  }
  out.host = url.host;
  out.port = url.port;
  const bool bracketed = is_ipv6(url.host);
  out.name = fmt::format("{}{}{}{}:{}", user, bracketed ? "[" : "", url.host, bracketed ? "]" : "",
                         url.port);
  return out;
}

std::optional<std::string> proxy_of_environment(const BaseUrl& upstream,
                                                const Environment& environment) {
  const auto first_of = [&](std::initializer_list<std::string_view> names) -> std::string {
    for (const auto name : names) {
      if (auto value = environment(name); value && !value->empty()) return *std::move(value);
    }
    return {};
  };
  if (is_loopback(upstream.host)) return std::nullopt;
  if (is_exempt(first_of({"no_proxy", "NO_PROXY"}), upstream)) return std::nullopt;
  std::string found = upstream.tls
                          ? first_of({"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"})
                          : first_of({"http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"});
  if (found.empty()) return std::nullopt;
  // Often written without.
  if (found.find("://") == std::string::npos) found.insert(0, "http://");
  return found;
}

}  // namespace config

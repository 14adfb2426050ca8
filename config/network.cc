#include "config/network.h"

#include <arpa/inet.h>
#include <charconv>

#include <fmt/format.h>

namespace config {
namespace {

bool is_address(int family, std::string_view host) {
  unsigned char bytes[16];
  return ::inet_pton(family, std::string(host).c_str(), bytes) == 1;
}

}  // namespace

bool is_ipv4(std::string_view host) {
  return host.find('\0') == std::string_view::npos && is_address(AF_INET, host);
}

bool is_ipv6(std::string_view host) {
  return host.find('\0') == std::string_view::npos && is_address(AF_INET6, host);
}

bool is_loopback(std::string_view host) {
  return host == "localhost" || host == "::1" || (is_ipv4(host) && host.substr(0, 4) == "127.");
}

std::optional<std::uint16_t> parse_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto [stopped, error] = std::from_chars(text.begin(), text.end(), port);
  if (error != std::errc{} || stopped != text.end()) return std::nullopt;
  return port;
}

std::optional<Endpoint> parse_endpoint(std::string_view text) {
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const auto port = parse_port(text.substr(colon + 1));
  auto host = text.substr(0, colon);
  if (!port) return std::nullopt;
  if (is_ipv4(host)) return Endpoint{std::string(host), *port};
  if (host.size() < 2 || host.front() != '[' || host.back() != ']') return std::nullopt;
  host = host.substr(1, host.size() - 2);
  if (!is_ipv6(host)) return std::nullopt;
  return Endpoint{std::string(host), *port};
}

std::string to_string(const Endpoint& endpoint) {
  const auto* form = is_ipv6(endpoint.host) ? "[{}]:{}" : "{}:{}";
  return fmt::format(fmt::runtime(form), endpoint.host, endpoint.port);
}

}  // namespace config

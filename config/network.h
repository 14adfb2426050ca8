#pragma once
// Addresses as an operator writes them. Pure; nothing is resolved.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace config {

struct Endpoint {
  std::string host;  // an address, never a name; IPv6 without brackets
  std::uint16_t port = 0;

  friend bool operator==(const Endpoint&, const Endpoint&) = default;
};

bool is_ipv4(std::string_view host);
bool is_ipv6(std::string_view host);

// An address of this machine's loopback, or the name "localhost".
bool is_loopback(std::string_view host);

// "8080" -> 8080; digits only, at most 65535.
std::optional<std::uint16_t> parse_port(std::string_view text);

// "127.0.0.1:8080" or "[::1]:8080"; port 0 lets the system choose.
std::optional<Endpoint> parse_endpoint(std::string_view text);

// The inverse of parse_endpoint().
std::string to_string(const Endpoint& endpoint);

}  // namespace config

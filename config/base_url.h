#pragma once
// Where an upstream lives, taken apart once. Pure.

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

namespace config {

struct BaseUrl {
  bool tls = true;
  std::string host;  // name or address, lower case, without brackets
  std::uint16_t port = 443;
  std::string path;         // "" or "/api/v1": no trailing slash
  std::string host_header;  // "openrouter.ai", "127.0.0.1:9000"

  friend bool operator==(const BaseUrl&, const BaseUrl&) = default;
};

// The URL, or what is wrong with it. The text is never repeated in the answer: it
// may hold a password.
std::variant<BaseUrl, std::string> parse_base_url(std::string_view text);

}  // namespace config

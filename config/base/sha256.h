#pragma once
// SHA-256, and its 64 hexadecimal digits as people write them. Pure.

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace config {

using Sha256 = std::array<std::uint8_t, 32>;

Sha256 sha256(std::string_view bytes);

// 64 hexadecimal digits in either case, nothing else.
std::optional<Sha256> parse_sha256(std::string_view hex);

std::string to_hex(const Sha256& digest);

}  // namespace config

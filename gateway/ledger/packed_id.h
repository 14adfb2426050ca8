#pragma once
// A request's id in half the bytes: ours is 32 hexadecimal digits. Pure.

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace gateway {

using PackedId = std::array<char, 16>;

// nullopt: it is none of ours, or spelled another way.
inline std::optional<PackedId> packed(std::string_view id) {
  PackedId out;
  if (id.size() != 2 * out.size()) return std::nullopt;
  const auto digit = [](char c) -> unsigned {
    if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
    if (c >= 'a' && c <= 'f') return static_cast<unsigned>(c - 'a' + 10);
    return 16;
  };
  unsigned seen = 0;
  for (std::size_t i = 0; i < out.size(); ++i) {
    const unsigned high = digit(id[2 * i]);
    const unsigned low = digit(id[2 * i + 1]);
    seen |= high | low;
    out[i] = static_cast<char>(high << 4 | low);
  }
  if (seen > 15) return std::nullopt;
  return out;
}

}  // namespace gateway

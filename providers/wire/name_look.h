#pragma once
// What a name looks like from afar: one of 64 bits, seldom the same for two names of one object.
// The bits of all its names together tell of most others that they are not there. Pure.

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace providers {

constexpr std::uint64_t look_of(std::string_view name) {
  if (name.empty()) return 1;
  const auto byte = [](char c) { return static_cast<std::size_t>(static_cast<unsigned char>(c)); };
  return std::uint64_t{1} << ((byte(name.front()) + 5 * byte(name.back()) + 11 * name.size()) % 64);
}

}  // namespace providers

#pragma once
// CRC-32C, by the processor's own instruction where it has one. Pure.

#include <cstdint>
#include <string_view>

namespace gateway {

// Bits go low first; `first` is what the register begins with, as the low-first reading of it
// has it.
std::uint32_t crc32c(std::uint32_t first, std::string_view bytes);
// The same without that instruction: for processors without it, and to compare.
std::uint32_t plain_crc32c(std::uint32_t first, std::string_view bytes);

}  // namespace gateway

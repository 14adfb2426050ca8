#pragma once
// Randomness as an argument: secrets come from the system's generator, and from a table in
// tests.

#include <cstdint>
#include <functional>
#include <span>

namespace gateway {

// Fills the span.
using Random = std::function<void(std::span<std::uint8_t>)>;

// Bytes nobody can guess. Throws std::system_error where the system has none. Any thread.
void system_random(std::span<std::uint8_t> out);

}  // namespace gateway

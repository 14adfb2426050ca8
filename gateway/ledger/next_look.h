#pragma once
// How long the ledger's thread waits before it looks at the journals again. Pure.

#include <chrono>
#include <cstdint>

namespace gateway {

// Every transaction writes the sums of all who asked in it: under load fewer of them, each with
// more records. `usual` is the pause where little comes, `carried` what came at the last look.
constexpr std::chrono::milliseconds next_look(std::chrono::milliseconds usual,
                                              std::uint64_t carried) {
  constexpr std::uint64_t kMany = 100;
  constexpr int kLonger = 4;
  return carried < kMany ? usual : kLonger * usual;
}

}  // namespace gateway

#pragma once
// Mints request ids, as hexadecimal: 48 bits of the milliseconds since 1970, so that the ledger's
// index of them grows at its end, then 80 random bits, from the system in batches, or from a seed
// in tests. One per worker, its thread only.

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <random>
#include <string>

#include "config/base/clock.h"

namespace gateway::http {

class RequestIds {
 public:
  RequestIds() = default;
  explicit RequestIds(std::uint64_t seed) : seeded_(seed) {}

  // Writes 32 characters over `id`.
  void mint(std::string& id, config::Clock::Wall now);

 private:
  void refill();

  std::optional<std::mt19937_64> seeded_;
  std::array<std::uint64_t, 64> random_{};
  std::size_t left_ = 0;
};

}  // namespace gateway::http

#pragma once
// Mints request ids: 128 random bits as hexadecimal, from the system in batches, or
// from a seed in tests. One per worker, its thread only.

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <random>
#include <string>

namespace gateway::http {

class RequestIds {
 public:
  RequestIds() = default;
  explicit RequestIds(std::uint64_t seed) : seeded_(seed) {}

  // Writes 32 characters over `id`.
  void mint(std::string& id);

 private:
  void refill();

  std::optional<std::mt19937_64> seeded_;
  std::array<std::uint64_t, 64> random_{};
  std::size_t left_ = 0;
};

}  // namespace gateway::http

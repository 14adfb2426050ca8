#pragma once
// What two sides of a comparison differ by, number by number. Values; wraps around where a damaged
// file has numbers beyond reach, which leaves a difference a difference.

#include <algorithm>
#include <array>
#include <cstdint>

#include "gateway/ledger/sums.h"

namespace gateway {

using MoneyDifference = unsigned __int128;

class Difference {
 public:
  void add(const Sums& sums) { combine(sums, 1); }
  void subtract(const Sums& sums) { combine(sums, ~std::uint64_t{0}); }
  bool none() const {
    const auto zero = [](auto number) { return number == 0; };
    return std::all_of(counts_.begin(), counts_.end(), zero) &&
           std::all_of(money_.begin(), money_.end(), zero);
  }

 private:
  // `factor` is 1 or -1, modulo 2^64.
  void combine(const Sums& sums, std::uint64_t factor) {
    const auto& tokens = sums.tokens;
    const std::int64_t counts[] = {sums.attempts,      sums.requests,      sums.unknown_costs,
                                   tokens.prompt,      tokens.cached_read, tokens.cached_write,
                                   tokens.audio_input, tokens.image_input, tokens.completion,
                                   tokens.reasoning,   tokens.audio_output};
    for (std::size_t i = 0; i < counts_.size(); ++i) {
      counts_[i] += factor * static_cast<std::uint64_t>(counts[i]);
    }
    const MoneySum money[] = {sums.reported, sums.priced, sums.estimated};
    for (std::size_t i = 0; i < money_.size(); ++i) {
      const auto amount = static_cast<MoneyDifference>(money[i]);
      money_[i] += factor == 1 ? amount : -amount;
    }
  }

  std::array<std::uint64_t, 11> counts_{};
  std::array<MoneyDifference, 3> money_{};
};

}  // namespace gateway

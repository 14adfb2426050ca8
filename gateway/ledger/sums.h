#pragma once
// What records add up to. A value; exact, or an end of the program's honesty: money in 128
// bits, counts bounded so that 64 suffice.

#include <array>
#include <cstdint>
#include <string>

#include "gateway/ledger/usage_record.h"

namespace gateway {

// Pico-USD. 2^127 of them are 10^26 USD.
using MoneySum = __int128;

// Counts beyond it are no honest meter's: such a record adds no tokens to any sum. Nine
// million records may then share a sum before 64 bits could run out.
inline constexpr std::int64_t kMostTokens = 1'000'000'000'000;

// Adds up for ever: no token and no cent stands in two of its numbers.
struct Sums {
  std::int64_t attempts = 0;
  std::int64_t requests = 0;  // first attempts
  std::int64_t unknown_costs = 0;
  providers::TokenBuckets tokens;
  MoneySum reported = 0;
  MoneySum priced = 0;
  MoneySum estimated = 0;

  MoneySum cost() const { return reported + priced + estimated; }
  bool empty() const;
  void add(const Sums& other);
  void subtract(const Sums& other);
  friend bool operator==(const Sums& a, const Sums& b);
};

Sums sums_of(const UsageRecord& record);

// As it is stored: whole USD, and a rest from 0 to below 10^12 pico-USD.
struct SplitMoney {
  std::int64_t usd = 0;
  std::int64_t pico = 0;
};
SplitMoney split(MoneySum sum);
MoneySum joined(std::int64_t usd, std::int64_t pico);

// "0.0000049": plain decimal USD, as config::to_usd.
std::string to_usd(MoneySum sum);

}  // namespace gateway

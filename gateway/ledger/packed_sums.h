#pragma once
// The sums of many series as one run of bytes: of each, how far its number lies behind the one
// before, which of its numbers are not zero, and those. Pure.

#include <cstdint>
#include <string>
#include <string_view>

#include "gateway/ledger/sums.h"

namespace gateway {

class SumsPacker {
 public:
  // Series in rising order.
  void add(std::int64_t series, const Sums& sums);
  const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_;
  std::int64_t last_ = 0;
};

// Reads `bytes`, which outlive it.
class SumsUnpacker {
 public:
  explicit SumsUnpacker(std::string_view bytes) : left_(bytes) {}

  // The next series is ready; false: that was all, or damaged().
  bool next();
  std::int64_t series() const { return series_; }
  const Sums& sums() const { return sums_; }
  bool damaged() const { return damaged_; }

 private:
  bool number(std::uint64_t& out);
  bool signed_number(std::int64_t& out);
  bool money(std::uint64_t mask, int bit, MoneySum& out);

  std::string_view left_;
  std::int64_t series_ = 0;
  Sums sums_;
  bool damaged_ = false;
};

}  // namespace gateway

#pragma once
// How long things took: counts in steps of less than one percent of the value, so that any
// percentile can be told of any number of values. One thread.

#include <cstddef>
#include <cstdint>
#include <vector>

#include "tests/bench/wire/clock.h"

namespace bench {

class Histogram {
 public:
  Histogram();

  // Below zero counts as zero.
  void add(Nanoseconds value);

  std::uint64_t count() const { return count_; }
  // The value that a share of them does not exceed (0.5: the median), to the width of a step;
  // 0 without values.
  Nanoseconds percentile(double share) const;

 private:
  std::vector<std::uint64_t> steps_;
  std::uint64_t count_ = 0;
};

}  // namespace bench

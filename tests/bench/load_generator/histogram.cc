#include "tests/bench/load_generator/histogram.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace bench {
namespace {

// Each doubling has so many steps.
constexpr unsigned kBits = 7;
constexpr std::uint64_t kSteps = 1U << kBits;

std::size_t step_of(std::uint64_t value) {
  if (value < kSteps) return value;
  const unsigned shift = static_cast<unsigned>(std::bit_width(value)) - kBits - 1;
  return (shift + 1) * kSteps + ((value >> shift) - kSteps);
}

// The largest value of a step.
std::uint64_t top_of(std::size_t step) {
  if (step < kSteps) return step;
  const std::size_t shift = step / kSteps - 1;
  return ((kSteps + step % kSteps + 1) << shift) - 1;
}

}  // namespace

Histogram::Histogram() : steps_(step_of(INT64_MAX) + 1) {}

void Histogram::add(Nanoseconds value) {
  ++steps_[step_of(static_cast<std::uint64_t>(std::max<Nanoseconds>(0, value)))];
  ++count_;
}

Nanoseconds Histogram::percentile(double share) const {
  const auto wanted = std::max<std::uint64_t>(
      1, static_cast<std::uint64_t>(std::ceil(share * static_cast<double>(count_))));
  std::uint64_t seen = 0;
  for (std::size_t step = 0; step < steps_.size(); ++step) {
    seen += steps_[step];
    if (seen >= wanted) return static_cast<Nanoseconds>(top_of(step));
  }
  return 0;
}

}  // namespace bench

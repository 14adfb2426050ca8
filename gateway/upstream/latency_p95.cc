#include "gateway/upstream/latency_p95.h"

#include <algorithm>

namespace gateway::upstream {
namespace {

constexpr std::uint64_t kEnough = 20;  // with fewer, nobody knows the slowest of twenty
constexpr int kCountBits = 8;
constexpr std::uint64_t kMostCounted = (1U << kCountBits) - 1;
constexpr std::uint64_t kLongest = 3'600'000'000;  // an hour, in microseconds

struct Word {
  std::uint64_t estimate;  // microseconds; never 0 once there is one
  std::uint64_t count;

  static Word unpack(std::uint64_t bits) { return {bits >> kCountBits, bits & kMostCounted}; }
  std::uint64_t pack() const { return estimate << kCountBits | count; }
};

std::uint64_t in_range(std::chrono::microseconds time) {
  return std::clamp<std::uint64_t>(
      static_cast<std::uint64_t>(std::max<std::int64_t>(time.count(), 1)), 1, kLongest);
}

// Wide steps at first, then narrow ones.
double step_of(std::uint64_t count) {
  constexpr double kWidest = 0.5;
  constexpr double kNarrowest = 0.08;
  return std::max(kNarrowest, kWidest / (1.0 + static_cast<double>(count) / 8.0));
}

Word with(Word word, std::uint64_t took) {
  constexpr double kSharesBelow = 19.0;
  if (word.count == 0) return {took, 1};
  const double step = step_of(word.count);
  const double factor = took > word.estimate ? 1.0 + step : 1.0 - step / kSharesBelow;
  const double moved = static_cast<double>(word.estimate) * factor;
  word.estimate = std::clamp<std::uint64_t>(static_cast<std::uint64_t>(moved), 1, kLongest);
  word.count = std::min(word.count + 1, kMostCounted);
  return word;
}

}  // namespace

template <class Change>
void LatencyP95::change(const Change& next) {
  std::uint64_t seen = word_.load(std::memory_order_relaxed);
  while (!word_.compare_exchange_weak(seen, next(Word::unpack(seen)).pack(),
                                      std::memory_order_relaxed)) {
  }
}

void LatencyP95::began(Span took) {
  change([&](Word word) { return with(word, in_range(took)); });
}

void LatencyP95::none_within(Span waited) {
  const std::uint64_t time = in_range(waited);
  change(
      [&](Word word) { return time > word.estimate && word.count > 0 ? with(word, time) : word; });
}

std::optional<LatencyP95::Span> LatencyP95::seen() const {
  const Word word = Word::unpack(word_.load(std::memory_order_relaxed));
  if (word.count < kEnough) return std::nullopt;
  return Span(static_cast<Span::rep>(word.estimate));
}

}  // namespace gateway::upstream

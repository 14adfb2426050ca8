#include "gateway/upstream/retry_budget.h"

#include <algorithm>

namespace gateway::upstream {
namespace {

// number 24 | asked 20 | taken 20
constexpr int kAskedAt = 20;
constexpr int kNumberAt = 40;
constexpr std::uint64_t kMostCounted = (1U << 20) - 1;
constexpr std::uint64_t kNumbers = (1U << 24) - 1;

std::uint64_t window_of(RetryBudget::Now now) {
  return static_cast<std::uint64_t>(now.time_since_epoch() / RetryBudget::kWindow) & kNumbers;
}

std::uint64_t allowed(std::uint64_t asked, RetryBudget::Share share) {
  constexpr std::uint64_t kHundred = 100;
  const auto few = static_cast<std::uint64_t>(share.per_second * RetryBudget::kWindow.count());
  return std::max(few, asked * static_cast<std::uint64_t>(share.percent) / kHundred);
}

}  // namespace

RetryBudget::Word RetryBudget::Word::unpack(std::uint64_t bits) {
  return {bits >> kNumberAt, static_cast<std::uint32_t>((bits >> kAskedAt) & kMostCounted),
          static_cast<std::uint32_t>(bits & kMostCounted)};
}

std::uint64_t RetryBudget::Word::pack() const {
  return number << kNumberAt | std::uint64_t{asked} << kAskedAt | taken;
}

void RetryBudget::asked(Now now) {
  const std::uint64_t number = window_of(now);
  std::uint64_t before = word_.load(std::memory_order_relaxed);
  Word word;
  do {
    word = Word::unpack(before);
    // Nothing has failed in this window yet.
    if (word.asked == 0 || word.number != number || word.asked == kMostCounted) return;
    ++word.asked;
  } while (!word_.compare_exchange_weak(before, word.pack(), std::memory_order_relaxed));
}

bool RetryBudget::take(Now now, Share share) {
  const std::uint64_t number = window_of(now);
  std::uint64_t before = word_.load(std::memory_order_relaxed);
  Word word;
  bool may = false;
  do {
    word = Word::unpack(before);
    if (word.asked == 0 || word.number != number) word = {number, 1, 0};
    may = word.taken < std::min(allowed(word.asked, share), kMostCounted);
    if (may) ++word.taken;
  } while (!word_.compare_exchange_weak(before, word.pack(), std::memory_order_relaxed));
  (may ? taken_ : refused_).fetch_add(1, std::memory_order_relaxed);
  return may;
}

}  // namespace gateway::upstream

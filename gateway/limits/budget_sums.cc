#include "gateway/limits/budget_sums.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace gateway::limits {

using config::PicoUsd;
using Wall = config::Clock::Wall;

namespace {

// The last, this one and one to come, for clocks that disagree about the border.
constexpr std::size_t kWindowsKept = 3;

PicoUsd saturating_add(PicoUsd a, PicoUsd b) {
  using Limits = std::numeric_limits<std::int64_t>;
  return config::checked_add(a, b).value_or(PicoUsd{b.value < 0 ? Limits::min() : Limits::max()});
}

}  // namespace

PicoUsd WindowSums::spent() const {
  return saturating_add(saturating_add(settled, before), saturating_add(learnt, elsewhere));
}

void WindowSums::add_spent(PicoUsd amount) {
  settled = saturating_add(settled, amount);
}

void WindowSums::hold(PicoUsd amount) {
  held.value += amount.value;
  ++holds;
}

void WindowSums::release(PicoUsd amount) {
  held.value -= amount.value;
  --holds;
}

BudgetSums::BudgetSums(config::Budget budget, std::uint64_t age, Wall now)
    : budget_(std::move(budget)), age_(age) {
  windows_.push_back({.span = config::window_of(budget_.window, budget_.zone, now)});
  first_window_ = windows_.front().span.begins;
}

void BudgetSums::begin_to_learn() {
  for (WindowSums& window : windows_) {
    window.before = saturating_add(window.before, std::exchange(window.settled, PicoUsd{}));
  }
  booked_.clear();
}

void BudgetSums::learn(PicoUsd spent, PicoUsd settled, std::int64_t through) {
  if (auto* window = find_exactly(first_window_)) {
    window->before = PicoUsd{};
    window->learnt = spent;
    window->add_spent(settled);
    for (const Booked& one : booked_) {
      if (one.row <= through) window->add_spent(PicoUsd{-one.amount.value});
    }
  }
  through_ = through;
  nothing_to_learn();
}

// Also of the windows after the first: all of their time it was seen here.
void BudgetSums::nothing_to_learn() {
  learnt_ = true;
  for (WindowSums& window : windows_) window.add_spent(std::exchange(window.before, PicoUsd{}));
  booked_ = {};
}

// Only the first window learns: of those after it the ledger was asked nothing.
void BudgetSums::spend(PicoUsd amount, Wall started, std::int64_t row) {
  if (too_old(started)) return;
  WindowSums& window = at(started);
  const bool first = window.span.begins == first_window_;
  if (first && learnt_ && row <= through_) return;
  window.add_spent(amount);
  if (first && !learnt_) booked_.push_back({row, amount});
}

WindowSums& BudgetSums::at(Wall at) {
  if (auto* window = find(at)) return *window;
  const auto next = std::find_if(windows_.begin(), windows_.end(),
                                 [&](const WindowSums& one) { return at < one.span.begins; });
  const auto opened =
      windows_.insert(next, {.span = config::window_of(budget_.window, budget_.zone, at)});
  current_ = static_cast<std::size_t>(opened - windows_.begin());
  // What is still held must find its window again.
  while (windows_.size() > kWindowsKept && current_ > 0 && windows_.front().holds == 0) {
    windows_.erase(windows_.begin());
    --current_;
  }
  return windows_[current_];
}

WindowSums* BudgetSums::find(Wall at) {
  if (too_old(at)) return &windows_.front();
  return find_exactly(at);
}

WindowSums* BudgetSums::find_exactly(Wall at) {
  if (windows_[current_].span.holds(at)) return &windows_[current_];
  for (std::size_t i = 0; i < windows_.size(); ++i) {
    if (!windows_[i].span.holds(at)) continue;
    current_ = i;
    return &windows_[i];
  }
  return nullptr;
}

bool BudgetSums::fits(const WindowSums& window, PicoUsd amount) const {
  using Sum = __int128;
  constexpr auto kMost = std::numeric_limits<std::int64_t>::max();
  const Sum held = Sum{window.held.value} + amount.value;
  const Sum limit = budget_.limit.value;
  return amount.value == 0 || (held <= kMost && window.spent().value + held <= limit);
}

bool BudgetSums::passed(const WindowSums& window) const {
  return static_cast<__int128>(window.spent().value) + window.held.value > budget_.limit.value;
}

}  // namespace gateway::limits

#include "gateway/limits/limiter.h"

#include <algorithm>
#include <limits>

namespace gateway::limits {

void Slot::swap(Slot& other) noexcept {
  std::swap(limiter_, other.limiter_);
  std::swap(payers_, other.payers_);
  std::swap(expected_tokens_, other.expected_tokens_);
  std::swap(running_in_, other.running_in_);
  std::swap(tokens_in_, other.tokens_in_);
}

Slot& Slot::operator=(Slot&& other) noexcept {
  Slot taken(std::move(other));
  swap(taken);
  return *this;
}

Slot::~Slot() {
  if (running_in_ == 0) return;
  limiter_->leave({payers_, expected_tokens_, running_in_, tokens_in_});
}

void Slot::used(std::int64_t tokens) {
  if (tokens_in_ == 0) return;
  limiter_->correct({payers_, expected_tokens_, running_in_, tokens_in_}, tokens);
  tokens_in_ = 0;
}

void BudgetHold::swap(BudgetHold& other) noexcept {
  std::swap(limiter_, other.limiter_);
  std::swap(payers_, other.payers_);
  std::swap(amount_, other.amount_);
  std::swap(started_, other.started_);
  std::swap(age_, other.age_);
}

BudgetHold& BudgetHold::operator=(BudgetHold&& other) noexcept {
  BudgetHold taken(std::move(other));
  swap(taken);
  return *this;
}

BudgetHold::~BudgetHold() {
  settle(PicoUsd{});
}

config::Result<void> BudgetHold::extend(PicoUsd by) {
  if (!limiter_) return {};
  auto extended = limiter_->extend({payers_, amount_, started_, age_}, by);
  constexpr PicoUsd kMost{std::numeric_limits<std::int64_t>::max()};
  if (extended) amount_ = config::checked_add(amount_, by).value_or(kMost);
  return extended;
}

Settlement BudgetHold::settle(PicoUsd cost) {
  if (!limiter_) return {};
  Limiter& limiter = *std::exchange(limiter_, nullptr);
  const auto settlement = limiter.settle({payers_, amount_, started_, age_}, cost);
  amount_ = {};
  return settlement;
}

PicoUsd BudgetStatus::left() const {
  const __int128 left = static_cast<__int128>(budget.limit.value) - spent.value - held.value;
  constexpr __int128 kMost = std::numeric_limits<std::int64_t>::max();
  return PicoUsd{static_cast<std::int64_t>(std::clamp<__int128>(left, 0, kMost))};
}

void Limiter::mark(Slot& slot, std::uint8_t running_in, std::uint8_t tokens_in) {
  slot.running_in_ = running_in;
  slot.tokens_in_ = tokens_in;
}

}  // namespace gateway::limits

// How a LocalLimiter's budgets come to know what it did not see: off every request's path. The lock
// is taken anew for each account, so that requests pass in between.
#include <algorithm>
#include <utility>
#include <vector>

#include "gateway/limits/local_limiter.h"

namespace gateway::limits {

using config::Result;
using Wall = config::Clock::Wall;

void LocalLimiter::nothing_to_learn(const AccountId& id) {
  const auto account = find_account(id, false);
  if (!account) return;
  const std::lock_guard lock(mutex_);
  for (auto& budget : account->budgets) {
    if (!budget.learnt()) budget.nothing_to_learn();
  }
  if (std::exchange(account->to_learn, false)) std::erase(unlearnt_, account);
}

std::vector<std::shared_ptr<Account>> LocalLimiter::accounts_to_learn() const {
  const std::lock_guard lock(mutex_);
  return unlearnt_;
}

std::size_t LocalLimiter::unlearnt() const {
  const std::lock_guard lock(mutex_);
  std::size_t sum = 0;
  for (const auto& account : unlearnt_) {
    sum += static_cast<std::size_t>(
        std::count_if(account->budgets.begin(), account->budgets.end(),
                      [](const BudgetSums& budget) { return !budget.learnt(); }));
  }
  return sum;
}

void LocalLimiter::begin_to_learn() {
  for (const auto& account : accounts_to_learn()) {
    const std::lock_guard lock(mutex_);
    for (auto& budget : account->budgets) {
      if (!budget.learnt()) budget.begin_to_learn();
    }
  }
}

Result<void> LocalLimiter::learn(const SpentSince& spent, const OursSince& ours,
                                 std::int64_t through) {
  Result<void> result;
  for (const auto& account : accounts_to_learn()) {
    std::vector<std::pair<std::uint64_t, Wall>> unknown;  // budgets by age, and since when
    {
      const std::lock_guard lock(mutex_);
      for (const auto& budget : account->budgets) {
        if (!budget.learnt()) unknown.emplace_back(budget.age(), budget.first_window());
      }
    }
    for (const auto& [age, since] : unknown) {
      const auto before = spent(account->id, since);
      if (!before) {
        if (result) result = before.error();
        continue;
      }
      const PicoUsd own = ours ? ours(account->id, since) : PicoUsd{};
      const std::lock_guard lock(mutex_);
      for (auto& budget : account->budgets) {
        if (budget.age() == age && !budget.learnt()) budget.learn(*before, own, through);
      }
    }
  }
  const std::lock_guard lock(mutex_);
  std::erase_if(unlearnt_, [](const std::shared_ptr<Account>& account) {
    account->to_learn = account->has_unlearnt();
    return !account->to_learn;
  });
  return result;
}

Result<void> LocalLimiter::look_again(Sums which, const SpentSince& spent, Now now) {
  Result<void> result;
  for (const auto& account : accounts_with_budgets()) {
    std::vector<std::pair<std::uint64_t, Wall>> windows;  // budgets by age, and since when
    {
      const std::lock_guard lock(mutex_);
      for (auto& budget : account->budgets) {
        windows.emplace_back(budget.age(), budget.at(now.wall).span.begins);
      }
    }
    for (const auto& [age, since] : windows) {
      const auto sum = spent(account->id, since);
      if (!sum) {
        if (result) result = sum.error();
        continue;
      }
      const std::lock_guard lock(mutex_);
      for (auto& budget : account->budgets) {
        if (budget.age() != age) continue;
        auto* window = budget.find_exactly(since);
        if (window != nullptr)
          (window->*(which == Sums::ledger ? &WindowSums::learnt : &WindowSums::elsewhere)) = *sum;
      }
    }
  }
  return result;
}

std::vector<std::shared_ptr<Account>> LocalLimiter::accounts_with_budgets() {
  std::vector<std::shared_ptr<Account>> out;
  const std::lock_guard lock(registry_mutex_);
  for (const auto& [id, account] : accounts_) {
    if (account->has_budgets) out.push_back(account);
  }
  std::sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return a->id < b->id; });
  out.insert(out.begin(), std::shared_ptr<Account>{std::shared_ptr<Account>{}, &gateway_});
  return out;
}

}  // namespace gateway::limits

#pragma once
// What one payer may use and has used. Belongs to the LocalLimiter, whose lock guards all of
// it but the two flags; lives as long as the limiter knows it or a Payers leads to it.

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "config/limits.h"
#include "gateway/ledger/account_id.h"
#include "gateway/limits/budget_sums.h"
#include "gateway/limits/token_bucket.h"

namespace gateway::limits {

struct Account {
  explicit Account(AccountId id_in) : id(std::move(id_in)) {}

  const AccountId id;

  // Read without the lock: whoever meets no limit never takes it.
  std::atomic<bool> has_rates{false};
  std::atomic<bool> has_budgets{false};

  // Under the lock.
  config::Limits limits;
  std::optional<TokenBucket> requests;
  std::optional<TokenBucket> tokens;
  std::int64_t running = 0;
  std::vector<BudgetSums> budgets;
  bool to_learn = false;  // one of those with budgets that have not learnt

  bool has_unlearnt() const {
    return std::any_of(budgets.begin(), budgets.end(),
                       [](const BudgetSums& budget) { return !budget.learnt(); });
  }
};

// The accounts of a Payers. The gateway's lives as long as the limiter and is not counted.
struct PayerAccounts {
  std::shared_ptr<Account> key;
  std::shared_ptr<Account> team;
  Account* gateway = nullptr;

  std::array<Account*, 3> all() const { return {key.get(), team.get(), gateway}; }
};

}  // namespace gateway::limits

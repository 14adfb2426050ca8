#pragma once
// The Limiter of one process: accounts in memory. One lock for what they have used, because a
// request must get all of its levels or none; it is held for well under a microsecond, never
// while a ledger is asked, and requests without any limit do not meet it.

#include <cstdint>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "gateway/limits/account.h"
#include "gateway/limits/limiter.h"

namespace gateway::limits {

class LocalLimiter final : public Limiter {
 public:
  LocalLimiter() = default;
  LocalLimiter(const LocalLimiter&) = delete;
  LocalLimiter& operator=(const LocalLimiter&) = delete;

  Payers payers(const config::KeyName& key, const config::TeamName& team) override;
  void configure(const AccountId& account, const config::Limits& limits, Now now) override;
  void nothing_to_learn(const AccountId& account) override;
  void begin_to_learn() override;
  using Limiter::learn;
  config::Result<void> learn(const SpentSince& spent, const OursSince& ours,
                             std::int64_t through) override;
  std::size_t unlearnt() const override;
  config::Result<void> look_again(Sums which, const SpentSince& spent, Now now) override;
  void forget_unused() override;

  config::Result<Slot> admit(const Payers& payers, std::int64_t expected_tokens, Now now) override;
  RateStatus status(const Payers& payers, config::Clock::Steady now) override;

  config::Result<BudgetHold> hold(const Payers& payers, PicoUsd amount, Now now) override;
  config::Result<void> would_fit(const Payers& payers, PicoUsd amount, Now now) override;
  void spend(const Payers& payers, PicoUsd amount, config::Clock::Wall started,
             std::int64_t row) override;

  bool has_budget(const Payers& payers) const override;
  std::vector<BudgetStatus> budgets(const Payers& payers, Now now) override;
  std::vector<BudgetStatus> budgets(Now now) override;

 private:
  struct Hash {
    std::size_t operator()(const AccountId& id) const;
  };

  void leave(const Admitted& slot) override;
  void correct(const Admitted& slot, std::int64_t tokens) override;
  config::Result<void> extend(const Held& hold, PicoUsd by) override;
  Settlement settle(const Held& hold, PicoUsd cost) override;

  // Without an owner for the gateway's; nullptr where there is none and none is to be made.
  std::shared_ptr<Account> find_account(const AccountId& id, bool make);
  std::vector<std::shared_ptr<Account>> accounts_to_learn() const;
  // The gateway's first, then in the order of their names.
  std::vector<std::shared_ptr<Account>> accounts_with_budgets();

  // Guards which accounts there are; never taken for a request.
  std::mutex registry_mutex_;
  std::unordered_map<AccountId, std::shared_ptr<Account>, Hash> accounts_;  // teams and keys

  // Guards what is in every account.
  mutable std::mutex mutex_;
  Account gateway_{AccountId{}};
  std::uint64_t age_ = 0;                           // of the youngest budget
  std::vector<std::shared_ptr<Account>> unlearnt_;  // some of their budgets are
};

}  // namespace gateway::limits

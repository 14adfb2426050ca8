#include "gateway/limits/local_limiter.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "gateway/limits/refusal.h"

namespace gateway::limits {

using config::Result;
using std::chrono::nanoseconds;
using Steady = config::Clock::Steady;
using Wall = config::Clock::Wall;

namespace {

// How long a place among the running ones takes to become free, nobody knows.
constexpr nanoseconds kAnyMoment = std::chrono::seconds(1);

std::array<Account*, 3> accounts_of(const Payers& payers) {
  const auto* accounts = payers.accounts();
  return accounts ? accounts->all() : std::array<Account*, 3>{};
}

bool any_has(const Payers& payers, std::atomic<bool> Account::* what) {
  const auto accounts = accounts_of(payers);
  return std::any_of(accounts.begin(), accounts.end(), [&](const Account* one) {
    return one && (one->*what).load(std::memory_order_acquire);
  });
}

// Keeps the refusal that lasts longest: what it tells to wait is then enough.
void refuse(std::optional<RateRefusal>& worst, const Account& account, RateRefusal::What what,
            std::int64_t limit, std::optional<nanoseconds> wait, std::int64_t asked) {
  if (wait && *wait <= nanoseconds{0}) return;
  const bool longer = !worst || (worst->wait && (!wait || *wait > *worst->wait));
  if (longer) worst = RateRefusal{account.id, what, limit, asked, wait};
}

void check_rates(Account& account, std::int64_t tokens, Steady now,
                 std::optional<RateRefusal>& worst) {
  using What = RateRefusal::What;
  if (const auto& most = account.limits.concurrent; most && account.running >= *most) {
    refuse(worst, account, What::concurrent, *most, kAnyMoment, 1);
  }
  if (auto& bucket = account.requests) {
    refuse(worst, account, What::requests, bucket->per_minute(), bucket->wait(1, now), 1);
  }
  if (auto& bucket = account.tokens) {
    refuse(worst, account, What::tokens, bucket->per_minute(), bucket->wait(tokens, now), tokens);
  }
}

void set_rate(std::optional<TokenBucket>& bucket, std::optional<std::int64_t> per_minute,
              Steady now) {
  if (!per_minute) {
    bucket.reset();
  } else if (!bucket) {
    bucket.emplace(*per_minute, now);
  } else if (bucket->per_minute() != *per_minute) {
    bucket->change(*per_minute, now);
  }
}

void set_budgets(Account& account, const std::vector<config::Budget>& wanted, std::uint64_t& age,
                 Wall now) {
  std::vector<BudgetSums> budgets;
  for (const auto& budget : wanted) {
    const auto same = [&](const BudgetSums& one) { return one.same_windows(budget); };
    const auto known = std::find_if(account.budgets.begin(), account.budgets.end(), same);
    if (known == account.budgets.end()) {
      budgets.emplace_back(budget, ++age, now);
    } else {
      known->set_limit(budget.limit);
      budgets.push_back(*known);
    }
  }
  account.budgets = std::move(budgets);
}

void look_at(Account& account, std::optional<TokenBucket> Account::* which, Steady now,
             std::optional<Rate>& tightest) {
  auto& bucket = account.*which;
  if (!bucket) return;
  const Rate rate{bucket->per_minute(), bucket->remaining(now), bucket->until_full(now)};
  if (!tightest || rate.remaining < tightest->remaining) tightest = rate;
}

// The budget that stands in the way of `amount` more in the windows of `started`, of several
// the one that resets last. Only those not younger than `age`.
std::optional<BudgetRefusal> check_budgets(const Payers& payers, PicoUsd amount, Wall started,
                                           std::uint64_t age) {
  std::optional<BudgetRefusal> worst;
  for (auto* account : accounts_of(payers)) {
    if (!account) continue;
    for (auto& budget : account->budgets) {
      if (budget.age() > age) continue;
      const auto& window = budget.at(started);
      if (budget.fits(window, amount)) continue;
      if (worst && worst->window.ends >= window.span.ends) continue;
      worst = BudgetRefusal{account->id,    budget.budget(), window.span,
                            window.spent(), window.held,     amount};
    }
  }
  return worst;
}

void add_status(Account& account, Wall now, std::vector<BudgetStatus>& out) {
  for (auto& budget : account.budgets) {
    const auto& window = budget.at(now);
    BudgetStatus status{account.id,  budget.budget(), window.spent(),
                        window.held, std::nullopt,    budget.learnt()};
    if (budget.budget().window != config::Window::total) status.resets_at = window.span.ends;
    out.push_back(std::move(status));
  }
}

Result<void> check_amount(PicoUsd amount) {
  if (amount.value >= 0) return {};
  return config::failure(config::ErrorCode::internal, "the gateway could not reckon a cost",
                         "a negative amount was to be held");
}

}  // namespace

std::size_t LocalLimiter::Hash::operator()(const AccountId& id) const {
  return std::hash<std::string>{}(id.name) * 2 + (id.kind == AccountKind::key ? 1 : 0);
}

std::shared_ptr<Account> LocalLimiter::find_account(const AccountId& id, bool make) {
  if (id.kind == AccountKind::gateway) return {std::shared_ptr<Account>{}, &gateway_};
  if (id.name.empty()) return nullptr;
  const std::lock_guard lock(registry_mutex_);
  const auto found = accounts_.find(id);
  if (found != accounts_.end()) return found->second;
  if (!make) return nullptr;
  return accounts_.emplace(id, std::make_shared<Account>(id)).first->second;
}

Payers LocalLimiter::payers(const config::KeyName& key, const config::TeamName& team) {
  auto accounts = std::make_shared<PayerAccounts>();
  accounts->key = find_account({AccountKind::key, key.str()}, true);
  accounts->team = find_account({AccountKind::team, team.str()}, true);
  accounts->gateway = &gateway_;
  return Payers(std::move(accounts));
}

void LocalLimiter::configure(const AccountId& id, const config::Limits& limits, Now now) {
  const auto account = find_account(id, limits != config::Limits{});
  if (!account) return;
  // The first use of a zone reads its file: not under the lock.
  for (const auto& budget : limits.budgets) config::window_of(budget.window, budget.zone, now.wall);

  const std::lock_guard lock(mutex_);
  if (account->limits == limits) return;
  set_rate(account->requests, limits.requests_per_minute, now.steady);
  set_rate(account->tokens, limits.tokens_per_minute, now.steady);
  set_budgets(*account, limits.budgets, age_, now.wall);
  account->limits = limits;
  const bool rates = limits.requests_per_minute || limits.tokens_per_minute || limits.concurrent;
  account->has_rates.store(rates, std::memory_order_release);
  account->has_budgets.store(!limits.budgets.empty(), std::memory_order_release);
  if (account->to_learn || !account->has_unlearnt()) return;
  account->to_learn = true;
  unlearnt_.push_back(account);
}

void LocalLimiter::forget_unused() {
  const std::lock_guard lock(registry_mutex_);
  std::erase_if(accounts_, [](const auto& entry) {
    const auto& account = entry.second;
    return account.use_count() == 1 && !account->has_rates && !account->has_budgets;
  });
}

Result<Slot> LocalLimiter::admit(const Payers& payers, std::int64_t expected_tokens, Now now) {
  const auto tokens = std::max<std::int64_t>(expected_tokens, 0);
  Slot slot(*this, payers, tokens);
  if (!any_has(payers, &Account::has_rates)) return slot;
  const auto accounts = accounts_of(payers);
  std::optional<RateRefusal> refusal;
  std::uint8_t running_in = 0;
  std::uint8_t tokens_in = 0;
  {
    const std::lock_guard lock(mutex_);
    for (auto* account : accounts) {
      if (account) check_rates(*account, tokens, now.steady, refusal);
    }
    for (unsigned i = 0; i < accounts.size() && !refusal; ++i) {
      auto* account = accounts[i];
      if (!account || !account->has_rates.load(std::memory_order_relaxed)) continue;
      ++account->running;
      running_in = static_cast<std::uint8_t>(running_in | 1U << i);
      if (account->requests) account->requests->take(1);
      if (!account->tokens) continue;
      account->tokens->take(tokens);
      tokens_in = static_cast<std::uint8_t>(tokens_in | 1U << i);
    }
  }
  if (refusal) return to_error(*refusal);
  mark(slot, running_in, tokens_in);
  return slot;
}

void LocalLimiter::leave(const Admitted& slot) {
  const auto accounts = accounts_of(slot.payers);
  const std::lock_guard lock(mutex_);
  for (unsigned i = 0; i < accounts.size(); ++i) {
    if ((slot.running_in >> i & 1U) != 0) --accounts[i]->running;
  }
}

void LocalLimiter::correct(const Admitted& slot, std::int64_t tokens) {
  const auto accounts = accounts_of(slot.payers);
  const auto back = slot.expected_tokens - std::max<std::int64_t>(tokens, 0);
  const std::lock_guard lock(mutex_);
  for (unsigned i = 0; i < accounts.size(); ++i) {
    if ((slot.tokens_in >> i & 1U) == 0) continue;
    if (auto& bucket = accounts[i]->tokens) bucket->give(back);
  }
}

RateStatus LocalLimiter::status(const Payers& payers, Steady now) {
  RateStatus out;
  if (!any_has(payers, &Account::has_rates)) return out;
  const std::lock_guard lock(mutex_);
  for (auto* account : accounts_of(payers)) {
    if (!account) continue;
    look_at(*account, &Account::requests, now, out.requests);
    look_at(*account, &Account::tokens, now, out.tokens);
  }
  return out;
}

Result<BudgetHold> LocalLimiter::hold(const Payers& payers, PicoUsd amount, Now now) {
  if (auto sound = check_amount(amount); !sound) return sound.error();
  // Age 0: in no budget. One that is made meanwhile gets to know of it when it is settled.
  if (!has_budget(payers)) return BudgetHold(*this, payers, amount, now.wall, 0);
  std::optional<BudgetRefusal> refusal;
  std::uint64_t age = 0;
  {
    const std::lock_guard lock(mutex_);
    age = age_;
    refusal = check_budgets(payers, amount, now.wall, age);
    for (auto* account : accounts_of(payers)) {
      if (!account || refusal) continue;
      for (auto& budget : account->budgets) budget.at(now.wall).hold(amount);
    }
  }
  if (refusal) return to_error(*refusal, now.wall);
  return BudgetHold(*this, payers, amount, now.wall, age);
}

Result<void> LocalLimiter::would_fit(const Payers& payers, PicoUsd amount, Now now) {
  if (auto sound = check_amount(amount); !sound) return sound.error();
  if (!has_budget(payers)) return {};
  std::optional<BudgetRefusal> refusal;
  {
    const std::lock_guard lock(mutex_);
    refusal = check_budgets(payers, amount, now.wall, age_);
  }
  if (refusal) return to_error(*refusal, now.wall);
  return {};
}

Result<void> LocalLimiter::extend(const Held& hold, PicoUsd by) {
  if (auto sound = check_amount(by); !sound) return sound.error();
  if (!has_budget(hold.payers)) return {};
  std::optional<BudgetRefusal> refusal;
  {
    const std::lock_guard lock(mutex_);
    refusal = check_budgets(hold.payers, by, hold.started, hold.age);
    for (auto* account : accounts_of(hold.payers)) {
      if (!account || refusal) continue;
      for (auto& budget : account->budgets) {
        if (budget.age() <= hold.age) budget.at(hold.started).held.value += by.value;
      }
    }
  }
  if (refusal) return to_error(*refusal, hold.started);
  return {};
}

Settlement LocalLimiter::settle(const Held& hold, PicoUsd cost) {
  Settlement out;
  if (cost > hold.amount) out.above_hold = PicoUsd{cost.value - hold.amount.value};
  if (!has_budget(hold.payers)) return out;
  const std::lock_guard lock(mutex_);
  for (auto* account : accounts_of(hold.payers)) {
    if (!account) continue;
    for (auto& budget : account->budgets) {
      const bool held = budget.age() <= hold.age;
      auto* window = held ? budget.find(hold.started) : budget.find_exactly(hold.started);
      if (!window) continue;
      if (held) window->release(hold.amount);
      window->add_spent(cost);
      out.passed_a_budget |= out.above_hold.value > 0 && budget.passed(*window);
    }
  }
  return out;
}

void LocalLimiter::spend(const Payers& payers, PicoUsd amount, Wall started, std::int64_t row) {
  if (!has_budget(payers)) return;
  const std::lock_guard lock(mutex_);
  for (auto* account : accounts_of(payers)) {
    if (!account) continue;
    for (auto& budget : account->budgets) budget.spend(amount, started, row);
  }
}

bool LocalLimiter::has_budget(const Payers& payers) const {
  return any_has(payers, &Account::has_budgets);
}

std::vector<BudgetStatus> LocalLimiter::budgets(const Payers& payers, Now now) {
  std::vector<BudgetStatus> out;
  const std::lock_guard lock(mutex_);
  for (auto* account : accounts_of(payers)) {
    if (account) add_status(*account, now.wall, out);
  }
  return out;
}

std::vector<BudgetStatus> LocalLimiter::budgets(Now now) {
  std::vector<BudgetStatus> out;
  for (const auto& account : accounts_with_budgets()) {
    // Taken anew for each, so that requests pass in between.
    const std::lock_guard lock(mutex_);
    add_status(*account, now.wall, out);
  }
  return out;
}

}  // namespace gateway::limits

#pragma once
// Who may go now: requests per minute, tokens per minute, requests at once and money, of the
// key, its team and the whole gateway together. One Limiter per process, made before the
// workers and gone after them; every function may be called by any thread. What it grants are
// values that give back by themselves; each is used by one thread at a time and must not
// outlive the Limiter.
//
// All or nothing: a refusal has taken nothing at any level. Nobody is refused whose request
// fits, and no budget is passed but by what an upstream reports above a hold.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "config/base/clock.h"
#include "config/base/error.h"
#include "config/base/ids.h"
#include "config/base/money.h"
#include "config/limits.h"
#include "gateway/ledger/account_id.h"

namespace gateway::limits {

using config::PicoUsd;

// Rates go by `steady`. Budgets go by `wall`, which says in whose window something counts:
// for an attempt it must be the moment its record calls `started`, so that what is counted
// here and what the ledger sums are the same.
struct Now {
  config::Clock::Steady steady;
  config::Clock::Wall wall;

  static Now of(const config::Clock& clock) { return {clock.now(), clock.wall()}; }
};

struct PayerAccounts;  // of the implementation

// The three accounts a key's requests count in. Made once per key and snapshot, copied freely
// (one reference count). The accounts behind it are found by name: they keep their state over
// reloads, whichever Payers leads to them.
class Payers {
 public:
  Payers() = default;  // nobody: never limited
  explicit Payers(std::shared_ptr<PayerAccounts> accounts) : accounts_(std::move(accounts)) {}
  PayerAccounts* accounts() const { return accounts_.get(); }

 private:
  std::shared_ptr<PayerAccounts> accounts_;
};

class Limiter;

// One admitted request: counts as running until destroyed.
class [[nodiscard]] Slot {
 public:
  Slot() = default;
  Slot(Limiter& limiter, Payers payers, std::int64_t expected_tokens)
      : limiter_(&limiter), payers_(std::move(payers)), expected_tokens_(expected_tokens) {}
  Slot(Slot&& other) noexcept { swap(other); }
  Slot& operator=(Slot&& other) noexcept;
  ~Slot();

  // What it used in truth, in place of what was expected; call it once. 0 where nothing was
  // sent to anyone. Without it the expectation stands.
  void used(std::int64_t tokens);

 private:
  friend class Limiter;
  void swap(Slot& other) noexcept;

  Limiter* limiter_ = nullptr;
  Payers payers_;
  std::int64_t expected_tokens_ = 0;
  std::uint8_t running_in_ = 0;  // accounts by bit: where it counts as running,
  std::uint8_t tokens_in_ = 0;   // and where its tokens were taken
};

struct Settlement {
  PicoUsd above_hold;            // how much more it cost than was held; else zero
  bool passed_a_budget = false;  // and that went beyond a limit: to be flagged
};

// Money set aside for one attempt in every budget of its payers. Counts in the windows of its
// start, also when it ends after they did. Destroyed before it was settled, it is released.
class [[nodiscard]] BudgetHold {
 public:
  BudgetHold() = default;
  BudgetHold(Limiter& limiter, Payers payers, PicoUsd amount, config::Clock::Wall started,
             std::uint64_t age)
      : limiter_(&limiter),
        payers_(std::move(payers)),
        amount_(amount),
        started_(started),
        age_(age) {}
  BudgetHold(BudgetHold&& other) noexcept { swap(other); }
  BudgetHold& operator=(BudgetHold&& other) noexcept;
  ~BudgetHold();

  PicoUsd amount() const { return amount_; }

  // Sets `by` more aside in all of its budgets; an Error (budget_exceeded) leaves it as it was.
  config::Result<void> extend(PicoUsd by);

  // Replaces the hold by what the attempt cost (not negative). Afterwards it holds nothing.
  Settlement settle(PicoUsd cost);

 private:
  friend class Limiter;
  void swap(BudgetHold& other) noexcept;

  Limiter* limiter_ = nullptr;  // nullptr: settled, or of nobody
  Payers payers_;
  PicoUsd amount_;
  config::Clock::Wall started_;
  std::uint64_t age_ = 0;  // the budgets it counts in are not younger
};

// One kind of rate, of the level where the least is left.
struct Rate {
  std::int64_t limit = 0;
  std::int64_t remaining = 0;
  std::chrono::nanoseconds reset{0};  // until all of `limit` is there again, if nobody asks
};
struct RateStatus {
  std::optional<Rate> requests;
  std::optional<Rate> tokens;
};

struct BudgetStatus {
  AccountId account;
  config::Budget budget;
  PicoUsd spent;
  PicoUsd held;
  std::optional<config::Clock::Wall> resets_at;  // nullopt: never
  bool learnt = true;  // false: `spent` is only what was seen here (Limiter::learn)

  // What a hold may be at most; zero where the budget was passed.
  PicoUsd left() const;
};

// What an account's records that began at or after `since` cost together (Ledger::spent), with
// everything that was settled before learn() was called. May block.
using SpentSince =
    std::function<config::Result<PicoUsd>(const AccountId& account, config::Clock::Wall since)>;

class Limiter {
 public:
  virtual ~Limiter() = default;

  virtual Payers payers(const config::KeyName& key, const config::TeamName& team) = 0;

  // What an account may use from now on, at start, at a reload or when a key changes; one
  // thread at a time. What did not change keeps its state, a budget whose limit alone changed
  // keeps its sums, a changed rate keeps what was used of it. A new budget counts and refuses
  // at once, by what is held and settled here, until learn() is told what its window cost so
  // far. Requests that were admitted while an account had no rate at all do not count as
  // running in it.
  virtual void configure(const AccountId& account, const config::Limits& limits, Now now) = 0;
  // After configure(): nobody ever spent in this account's name, so that its budgets have
  // nothing to learn.
  virtual void nothing_to_learn(const AccountId& account) = 0;

  // New budgets learn what their windows cost so far: first begin_to_learn(), then all that was
  // settled before it is brought into the ledger, then learn(), which asks for the sums. What
  // is settled between the two may count twice, never not at all. One thread at a time. An
  // Error is that of `spent`: some budgets still know only what was seen here; from the
  // beginning again.
  virtual void begin_to_learn() = 0;
  // `ours`: what this process settled before budgets began and the ledger does not have.
  // `through`: the newest row of the ledger that `spent` tells of.
  using OursSince = std::function<PicoUsd(const AccountId& account, config::Clock::Wall since)>;
  virtual config::Result<void> learn(const SpentSince& spent, const OursSince& ours,
                                     std::int64_t through) = 0;
  config::Result<void> learn(const SpentSince& spent) { return learn(spent, {}, 0); }
  // How many budgets have not learnt yet.
  virtual std::size_t unlearnt() const = 0;

  // What others that share the ledger spend changes: the windows of now take what `spent` says
  // in place of what was learnt from the ledger (by who writes nothing into it), or of what
  // others have that is in no ledger yet. An Error is that of `spent`: the others stay as they
  // were.
  enum class Sums : std::uint8_t { ledger, elsewhere };
  virtual config::Result<void> look_again(Sums which, const SpentSince& spent, Now now) = 0;

  // Forgets accounts without any limit that no Payers leads to. After keys went away.
  virtual void forget_unused() = 0;

  // Takes one request, `expected_tokens` and one place among the running ones. An Error
  // (rate_limited) names the limit that takes longest, whose it is, and when to try again.
  virtual config::Result<Slot> admit(const Payers& payers, std::int64_t expected_tokens,
                                     Now now) = 0;
  virtual RateStatus status(const Payers& payers, config::Clock::Steady now) = 0;

  // Sets `amount` (not negative) aside. An Error (budget_exceeded) names the budget, its limit,
  // what is spent and held of it, and when it resets. An amount of zero always fits.
  virtual config::Result<BudgetHold> hold(const Payers& payers, PicoUsd amount, Now now) = 0;

  // Whether hold() would succeed.
  virtual config::Result<void> would_fit(const Payers& payers, PicoUsd amount, Now now) = 0;

  // Money that was spent without a hold, or a correction (negative) of what was: counts in the
  // windows that hold `started`, as far as they are still kept. It is in the ledger already, by
  // `row`: what learns from that row, before or after this, counts it once.
  virtual void spend(const Payers& payers, PicoUsd amount, config::Clock::Wall started,
                     std::int64_t row) = 0;

  virtual bool has_budget(const Payers& payers) const = 0;
  virtual std::vector<BudgetStatus> budgets(const Payers& payers, Now now) = 0;
  virtual std::vector<BudgetStatus> budgets(Now now) = 0;  // all: gateway, teams, keys by name

 protected:
  friend class Slot;
  friend class BudgetHold;

  // What a grant was made of, for implementations.
  struct Admitted {
    const Payers& payers;
    std::int64_t expected_tokens;
    std::uint8_t running_in;
    std::uint8_t tokens_in;
  };
  struct Held {
    const Payers& payers;
    PicoUsd amount;
    config::Clock::Wall started;
    std::uint64_t age;
  };
  static void mark(Slot& slot, std::uint8_t running_in, std::uint8_t tokens_in);

  virtual void leave(const Admitted& slot) = 0;
  virtual void correct(const Admitted& slot, std::int64_t tokens) = 0;
  virtual config::Result<void> extend(const Held& hold, PicoUsd by) = 0;
  virtual Settlement settle(const Held& hold, PicoUsd cost) = 0;
};

}  // namespace gateway::limits

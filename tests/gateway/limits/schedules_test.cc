// Random schedules of everything that can happen to limits, against a model that keeps each
// attempt by itself. Deterministic: a seed is a schedule.

#include <map>
#include <random>
#include <set>

#include <gtest/gtest.h>

#include "config/calendar.h"
#include "tests/gateway/limits/limiting.h"

namespace gateway::limits {
namespace {

using config::Window;
using test::key_account;
using test::team_account;
using Wall = config::Clock::Wall;

constexpr int kSeeds = 10'000;
constexpr int kSteps = 40;  // per seed

struct Row {
  std::set<AccountId> accounts;
  PicoUsd amount;  // held, then spent
  Wall started;
};

struct Open {
  BudgetHold hold;
  Slot slot;
  Row row;
};

class World {
 public:
  explicit World(std::uint64_t seed) : random_(seed) {
    clock_.set_wall(std::chrono::sys_days{std::chrono::year(2026) / 10 / 24} +
                    std::chrono::hours(below(60)));
    limiter_ = std::make_unique<LocalLimiter>();
    for (const auto& id : kAccounts) change_limits(id);
  }

  void step() {
    const auto what = below(100);
    if (what < 40) return begin();
    if (what < 50) return extend();
    if (what < 78) return finish();
    if (what < 88) return pass_time();
    if (what < 95) return change_limits(kAccounts[below(kAccounts.size())]);
    if (what < 98) return correct();
    crash();
  }

  void rest() {
    while (!open_.empty()) finish();
  }

  // Every sum of the limiter is that of the rows; nothing was passed but by overruns.
  void check() {
    for (const auto& one : limiter_->budgets(now())) {
      const auto span = config::window_of(one.budget.window, one.budget.zone, clock_.wall());
      std::int64_t spent = 0;
      std::int64_t held = 0;
      for (const auto& row : rows_) spent += share(row, one, span);
      for (const auto& open : open_) held += share(open.row, one, span);
      EXPECT_EQ(one.spent.value, spent);
      EXPECT_GE(one.held.value, 0);
      // A hold older than its budget is not in it.
      EXPECT_LE(one.held.value, held);
      if (open_.empty()) EXPECT_EQ(one.held.value, 0);
    }
    for (const auto& id : kAccounts) {
      if (!limits_[id].concurrent) continue;
      EXPECT_LE(running(id), most_allowed_[id]);
    }
  }

 private:
  static inline const std::vector<AccountId> kAccounts = {
      {}, team_account("red"), team_account("blue"), key_account("a"), key_account("b")};

  std::uint64_t below(std::uint64_t end) { return random_() % end; }
  Now now() const { return Now::of(clock_); }

  static std::int64_t share(const Row& row, const BudgetStatus& budget, const config::Span& span) {
    return row.accounts.contains(budget.account) && span.holds(row.started) ? row.amount.value : 0;
  }

  std::int64_t running(const AccountId& id) const {
    return std::count_if(open_.begin(), open_.end(),
                         [&](const Open& one) { return one.row.accounts.contains(id); });
  }

  // What a hold of `row` would have to fit into, by the model.
  bool fits(const Row& row) {
    for (const auto& one : limiter_->budgets(now())) {
      if (!row.accounts.contains(one.account)) continue;
      if (one.spent.value + one.held.value + row.amount.value > one.budget.limit.value) {
        return row.amount.value == 0;
      }
    }
    return true;
  }

  void begin() {
    const std::string key = below(2) == 0 ? "a" : "b";
    const std::string team = below(2) == 0 ? "red" : "blue";
    const auto payers = limiter_->payers(config::KeyName(key), config::TeamName(team));
    Open open;
    open.row = {{AccountId{}, key_account(key), team_account(team)},
                PicoUsd{static_cast<std::int64_t>(below(40))},
                clock_.wall()};
    auto slot = limiter_->admit(payers, static_cast<std::int64_t>(below(100)), now());
    if (!slot) return;
    open.slot = *std::move(slot);
    const bool should_fit = fits(open.row);
    auto hold = limiter_->hold(payers, open.row.amount, now());
    EXPECT_EQ(hold.has_value(), should_fit);
    if (!hold) return;
    open.hold = *std::move(hold);
    open_.push_back(std::move(open));
  }

  void extend() {
    if (open_.empty()) return;
    auto& open = open_[below(open_.size())];
    const PicoUsd by{static_cast<std::int64_t>(below(20))};
    if (open.hold.extend(by)) open.row.amount.value += by.value;
    EXPECT_EQ(open.hold.amount(), open.row.amount);
  }

  void finish() {
    if (open_.empty()) return;
    const auto at = open_.begin() + static_cast<std::ptrdiff_t>(below(open_.size()));
    auto open = std::move(*at);
    open_.erase(at);
    const auto how = below(10);
    if (how < 2) return;  // released by its destructor
    const auto held = open.row.amount.value;
    const auto cost = how < 9
                          ? static_cast<std::int64_t>(below(static_cast<std::uint64_t>(held) + 1))
                          : held + static_cast<std::int64_t>(below(30));
    const auto settled = open.hold.settle(PicoUsd{cost});
    EXPECT_EQ(settled.above_hold.value, std::max<std::int64_t>(cost - held, 0));
    open.slot.used(static_cast<std::int64_t>(below(200)));
    open.row.amount.value = cost;
    rows_.push_back(open.row);
  }

  void pass_time() {
    const auto minutes = std::chrono::minutes(below(90));
    clock_.advance(minutes);
    // Set back a little, as clocks are; never before a budget began.
    if (below(6) == 0) {
      clock_.set_wall(std::max(began_, clock_.wall() - std::chrono::minutes(below(60))));
    }
  }

  void change_limits(const AccountId& id) {
    static constexpr Window kWindows[] = {Window::hour, Window::day, Window::week, Window::month,
                                          Window::total};
    static const std::string kZones[] = {"Europe/Berlin", "UTC", "Australia/Lord_Howe"};
    auto& limits = limits_[id];
    limits = {};
    if (below(3) == 0) limits.concurrent = static_cast<std::int64_t>(below(4)) + 1;
    if (below(3) == 0) limits.requests_per_minute = static_cast<std::int64_t>(below(30)) + 1;
    if (below(3) == 0) limits.tokens_per_minute = static_cast<std::int64_t>(below(2000)) + 100;
    const auto budgets = below(3);
    for (std::uint64_t i = 0; i < budgets; ++i) {
      limits.budgets.push_back({PicoUsd{static_cast<std::int64_t>(below(400))},
                                kWindows[(below(2) + 2 * i) % 5], kZones[below(3)]});
    }
    // Those that were admitted without a limit are not counted.
    most_allowed_[id] = limits.concurrent.value_or(0) + running(id);
    configure(id);
  }

  // A budget begins in the window of its first moment and asks what was spent since: not while
  // the clock is set back, for then that is more than its window's.
  void configure(const AccountId& id) {
    for (const auto& row : rows_) clock_.set_wall(std::max(clock_.wall(), row.started));
    for (const auto& open : open_) clock_.set_wall(std::max(clock_.wall(), open.row.started));
    began_ = clock_.wall();
    const auto ledger = [this](const AccountId& of, Wall since) {
      std::int64_t sum = 0;
      for (const auto& row : rows_) {
        if (row.accounts.contains(of) && row.started >= since) sum += row.amount.value;
      }
      return config::Result<PicoUsd>(PicoUsd{sum});
    };
    limiter_->configure(id, limits_[id], now());
    EXPECT_TRUE(limiter_->learn(ledger, {}, static_cast<std::int64_t>(rows_.size())));
  }

  void correct() {
    if (rows_.empty()) return;
    Row row = rows_[below(rows_.size())];
    row.amount.value = -static_cast<std::int64_t>(
        below(static_cast<std::uint64_t>(std::max<std::int64_t>(row.amount.value, 0)) + 1));
    std::string key;
    std::string team;
    for (const auto& id : row.accounts) {
      if (id.kind == AccountKind::key) key = id.name;
      if (id.kind == AccountKind::team) team = id.name;
    }
    rows_.push_back(row);
    limiter_->spend(limiter_->payers(config::KeyName(key), config::TeamName(team)), row.amount,
                    row.started, static_cast<std::int64_t>(rows_.size()));
  }

  // The process dies; what was under way becomes a row of what was held for it.
  void crash() {
    for (auto& open : open_) {
      rows_.push_back(open.row);
      open.hold.settle(open.row.amount);
    }
    open_.clear();
    limiter_ = std::make_unique<LocalLimiter>();
    for (const auto& id : kAccounts) {
      most_allowed_[id] = limits_[id].concurrent.value_or(0);
      configure(id);
    }
  }

  std::mt19937_64 random_;
  ::test::FakeClock clock_;
  Wall began_ = clock_.wall();
  std::unique_ptr<LocalLimiter> limiter_;
  std::map<AccountId, config::Limits> limits_;
  std::map<AccountId, std::int64_t> most_allowed_;
  std::vector<Row> rows_;
  std::vector<Open> open_;
};

TEST(Schedules, G23_AnyScheduleKeepsTheSumsOfItsRows) {
  for (int seed = 0; seed < kSeeds; ++seed) {
    World world(static_cast<std::uint64_t>(seed));
    for (int step = 0; step < kSteps; ++step) {
      world.step();
      if (step % 10 == 9) world.check();
    }
    world.rest();
    world.check();
    ASSERT_FALSE(testing::Test::HasFailure()) << "seed " << seed;
  }
}

// One budget, many attempts, few overruns: 0 <= spent + held <= limit + the overruns.
TEST(Schedules, G23_OnlyWhatIsReportedAboveAHoldPassesABudget) {
  for (int seed = 0; seed < kSeeds; ++seed) {
    std::mt19937_64 random(static_cast<std::uint64_t>(seed));
    const auto below = [&](std::int64_t end) {
      return static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(end));
    };
    ::test::FakeClock clock;
    LocalLimiter limiter;
    const PicoUsd limit{1 + below(300)};
    const auto none = [](const AccountId&, Wall) { return config::Result<PicoUsd>(PicoUsd{}); };
    limiter.configure(key_account("a"), test::budget_of(limit), Now::of(clock));
    ASSERT_TRUE(limiter.learn(none));
    const auto payers = limiter.payers(config::KeyName("a"), {});
    std::vector<BudgetHold> open;
    std::int64_t overruns = 0;
    for (int step = 0; step < kSteps; ++step) {
      const auto what = below(3);
      if (what == 0 || open.empty()) {
        auto hold = limiter.hold(payers, PicoUsd{below(50)}, Now::of(clock));
        if (hold) open.push_back(*std::move(hold));
      } else if (what == 1) {
        (void)open.back().extend(PicoUsd{below(50)}).has_value();
      } else {
        auto hold = std::move(open.back());
        open.pop_back();
        const auto cost =
            below(10) == 0 ? hold.amount().value + below(20) : below(hold.amount().value + 1);
        overruns += hold.settle(PicoUsd{cost}).above_hold.value;
      }
      const auto status = limiter.budgets(Now::of(clock)).at(0);
      const auto sum = status.spent.value + status.held.value;
      ASSERT_GE(status.held.value, 0) << seed;
      ASSERT_GE(status.spent.value, 0) << seed;
      ASSERT_LE(sum, limit.value + overruns) << seed;
    }
    open.clear();
    ASSERT_EQ(limiter.budgets(Now::of(clock)).at(0).held.value, 0) << seed;
  }
}

}  // namespace
}  // namespace gateway::limits

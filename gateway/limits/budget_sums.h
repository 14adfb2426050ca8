#pragma once
// What one budget has spent and holds, per window of its calendar. The newest windows are
// kept, so that what began in one is counted in that one, whenever it ends and whatever the
// clock does: set back into a window that is still kept, it finds that window's sums again.
// Not safe for threads: its Limiter's lock guards it.

#include <cstdint>
#include <optional>
#include <vector>

#include "config/base/clock.h"
#include "config/base/money.h"
#include "config/calendar.h"
#include "config/limits.h"

namespace gateway::limits {

struct WindowSums {
  config::Span span;
  config::PicoUsd settled{};    // here; negative where corrections took more away than was counted
  config::PicoUsd before{};     // the same, until a lesson was asked for: it will be part of that
  config::PicoUsd learnt{};     // what the ledger said was spent before, or by others
  config::PicoUsd elsewhere{};  // spent and held by others, and in no ledger yet
  config::PicoUsd held{};
  int holds = 0;

  config::PicoUsd spent() const;

  // Sums that would overflow stay at what fits: far beyond any limit.
  void add_spent(config::PicoUsd amount);
  void hold(config::PicoUsd amount);
  void release(config::PicoUsd amount);
};

class BudgetSums {
 public:
  // `age` orders budgets and holds: a hold counts in the budgets that are not younger.
  BudgetSums(config::Budget budget, std::uint64_t age, config::Clock::Wall now);

  const config::Budget& budget() const { return budget_; }
  std::uint64_t age() const { return age_; }
  bool same_windows(const config::Budget& other) const {
    return budget_.window == other.window && budget_.zone == other.zone;
  }
  void set_limit(config::PicoUsd limit) { budget_.limit = limit; }

  // Whether it is known what its first window cost before it began. Until then what was seen
  // here stands for all.
  bool learnt() const { return learnt_; }
  config::Clock::Wall first_window() const { return first_window_; }
  // What was settled until now is going to be part of what is learnt.
  void begin_to_learn();
  // `settled`: beside what was settled since. `through`: the newest row of the ledger that
  // `spent` tells of.
  void learn(config::PicoUsd spent, config::PicoUsd settled, std::int64_t through);
  void nothing_to_learn();

  // What no hold was for, and the ledger has by `row`.
  void spend(config::PicoUsd amount, config::Clock::Wall started, std::int64_t row);

  // The window that holds `at`, opened empty where it is new. Times before the oldest one kept
  // count in that: an older one would begin without its sum.
  WindowSums& at(config::Clock::Wall at);
  // Before the oldest window that is kept.
  bool too_old(config::Clock::Wall at) const { return at < windows_.front().span.begins; }
  // As at(), but opens none.
  WindowSums* find(config::Clock::Wall at);
  // Only a window that really holds `at`.
  WindowSums* find_exactly(config::Clock::Wall at);

  bool fits(const WindowSums& window, config::PicoUsd amount) const;
  // Whether more is spent and held than the limit.
  bool passed(const WindowSums& window) const;

 private:
  config::Budget budget_;
  std::uint64_t age_;
  bool learnt_ = false;
  config::Clock::Wall first_window_;
  // Spent in the first window since a lesson began: it may find them in the ledger too.
  struct Booked {
    std::int64_t row;
    config::PicoUsd amount;
  };
  std::vector<Booked> booked_;
  std::int64_t through_ = 0;         // the row that was learnt last
  std::vector<WindowSums> windows_;  // by time; never empty
  std::size_t current_ = 0;          // the one asked for last
};

}  // namespace gateway::limits

#pragma once
// A LocalLimiter with a clock moved by hand and a ledger that is a number, as the tests of
// limits want it.

#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "gateway/limits/local_limiter.h"
#include "tests/support/fake_clock.h"

namespace gateway::limits::test {

inline constexpr std::int64_t kUsd = 1'000'000'000'000;

inline PicoUsd usd(std::int64_t whole) {
  return PicoUsd{whole * kUsd};
}

inline AccountId key_account(std::string name) {
  return {AccountKind::key, std::move(name)};
}
inline AccountId team_account(std::string name) {
  return {AccountKind::team, std::move(name)};
}

inline config::Limits budget_of(PicoUsd limit, config::Window window = config::Window::total,
                                std::string zone = "UTC") {
  config::Limits out;
  out.budgets.push_back({limit, window, std::move(zone)});
  return out;
}

class Limiting : public testing::Test {
 protected:
  Now now() const { return Now::of(clock); }

  void configure(const AccountId& id, const config::Limits& limits, PicoUsd spent = {}) {
    const auto tell = [&](const AccountId&, config::Clock::Wall) {
      return config::Result<PicoUsd>(spent);
    };
    limiter.configure(id, limits, now());
    ASSERT_TRUE(limiter.learn(tell));
  }

  Payers payers(const std::string& key, const std::string& team = "") {
    return limiter.payers(config::KeyName(key), config::TeamName(team));
  }

  // Of the account's only budget.
  BudgetStatus status(const AccountId& id) {
    for (auto& one : limiter.budgets(now())) {
      if (one.account == id) return one;
    }
    ADD_FAILURE() << "no budget of " << id.name;
    return {};
  }

  ::test::FakeClock clock;
  LocalLimiter limiter;
};

}  // namespace gateway::limits::test

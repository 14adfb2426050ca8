// Money set aside before it is spent, over all levels.

#include <algorithm>
#include <atomic>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/gateway/limits/limiting.h"

namespace gateway::limits {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::HasSubstr;
using testing::Not;

using Budget = test::Limiting;
using test::budget_of;
using test::key_account;
using test::team_account;
using test::usd;

constexpr std::int64_t kRow = 100;  // of the ledger; later than any that a lesson told of

// `count` holds of a dollar from eight threads; how many fitted, all kept until the end.
int fitting_at_once(LocalLimiter& limiter, const Payers& payers, int count, Now now) {
  std::atomic<int> next{0};
  std::atomic<int> fitted{0};
  std::vector<std::vector<BudgetHold>> holds(8);
  std::vector<std::thread> threads;
  for (auto& mine : holds) {
    threads.emplace_back([&] {
      while (next.fetch_add(1) < count) {
        auto hold = limiter.hold(payers, usd(1), now);
        if (!hold) continue;
        ++fitted;
        mine.push_back(*std::move(hold));
      }
    });
  }
  for (auto& thread : threads) thread.join();
  for (auto& mine : holds) {
    for (auto& hold : mine) hold.settle(usd(1));
  }
  return fitted;
}

TEST_F(Budget, G01_TwoHundredAtOnceSpendExactlyTheBudget) {
  configure(key_account("ada"), budget_of(usd(10)));
  EXPECT_EQ(fitting_at_once(limiter, payers("ada"), 200, now()), 10);
  EXPECT_EQ(status(key_account("ada")).spent, usd(10));
  EXPECT_EQ(status(key_account("ada")).held, usd(0));
  EXPECT_FALSE(limiter.hold(payers("ada"), PicoUsd{1}, now()));
}

TEST_F(Budget, G03_TheFirstRequestsOfANewKeyMeetItsLimit) {
  for (int round = 0; round < 20; ++round) {
    const auto name = "new-" + std::to_string(round);
    configure(key_account(name), budget_of(usd(3)));
    EXPECT_EQ(fitting_at_once(limiter, payers(name), 100, now()), 3);
  }
  EXPECT_EQ(limiter.budgets(now()).size(), 20u);
}

TEST_F(Budget, G04_WhatWasHeldAndNotUsedIsThereAgain) {
  configure(key_account("ada"), budget_of(usd(10)));
  auto hold = limiter.hold(payers("ada"), usd(8), now());
  ASSERT_TRUE(hold);
  EXPECT_EQ(hold->amount(), usd(8));
  EXPECT_FALSE(limiter.hold(payers("ada"), usd(3), now()));
  const auto settled = hold->settle(usd(2));
  EXPECT_EQ(settled.above_hold, usd(0));
  EXPECT_FALSE(settled.passed_a_budget);
  EXPECT_EQ(status(key_account("ada")).spent, usd(2));
  EXPECT_EQ(status(key_account("ada")).held, usd(0));
  EXPECT_EQ(status(key_account("ada")).left(), usd(8));
  hold->settle(usd(5));  // settled already
  EXPECT_EQ(status(key_account("ada")).spent, usd(2));
  EXPECT_TRUE(limiter.hold(payers("ada"), usd(8), now()));
}

TEST_F(Budget, G06_WhatCostsMoreThanItsHoldIsFlaggedAndTheNextIsRefused) {
  configure(key_account("ada"), budget_of(usd(10)));
  auto first = limiter.hold(payers("ada"), usd(2), now());
  const auto within = first->settle(usd(3));
  EXPECT_EQ(within.above_hold, usd(1));
  EXPECT_FALSE(within.passed_a_budget);
  auto second = limiter.hold(payers("ada"), usd(7), now());
  ASSERT_TRUE(second);
  const auto beyond = second->settle(usd(9));
  EXPECT_EQ(beyond.above_hold, usd(2));
  EXPECT_TRUE(beyond.passed_a_budget);
  EXPECT_EQ(status(key_account("ada")).spent, usd(12));
  EXPECT_EQ(status(key_account("ada")).left(), usd(0));
  EXPECT_FALSE(limiter.hold(payers("ada"), PicoUsd{1}, now()));
  EXPECT_TRUE(limiter.hold(payers("ada"), usd(0), now())) << "what is free fits";
}

TEST_F(Budget, G06_AnAbsurdCostDoesNotWrap) {
  configure(key_account("ada"), budget_of(usd(10)));
  const PicoUsd most{std::numeric_limits<std::int64_t>::max()};
  for (int i = 0; i < 2; ++i) {
    limiter.spend(payers("ada"), most, clock.wall(), kRow);
    EXPECT_EQ(status(key_account("ada")).spent, most);
  }
  const auto refused = limiter.hold(payers("ada"), most, now());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, config::ErrorCode::budget_exceeded);
}

TEST_F(Budget, G07_WhatFailsBeforeItIsSentCostsNothing) {
  configure(key_account("ada"), budget_of(usd(10)));
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(limiter.hold(payers("ada"), usd(10), now()));
  auto hold = limiter.hold(payers("ada"), usd(10), now());
  BudgetHold moved = *std::move(hold);
  EXPECT_EQ(status(key_account("ada")).held, usd(10));
  moved = BudgetHold();
  EXPECT_EQ(status(key_account("ada")).held, usd(0));
  EXPECT_EQ(status(key_account("ada")).spent, usd(0));
}

TEST_F(Budget, AHoldGrowsWhileItFits) {
  configure(key_account("ada"), budget_of(usd(10)));
  configure({}, budget_of(usd(7)));
  auto hold = limiter.hold(payers("ada"), usd(2), now());
  EXPECT_TRUE(hold->extend(usd(5)));
  const auto refused = hold->extend(PicoUsd{1});
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("The gateway has a budget of 7 USD in total"));
  EXPECT_EQ(hold->amount(), usd(7));
  EXPECT_EQ(status(key_account("ada")).held, usd(7));
  hold->settle(usd(6));
  EXPECT_EQ(status({}).held, usd(0));
  EXPECT_EQ(status({}).spent, usd(6));
}

TEST_F(Budget, G10_ARaisedOrLoweredLimitCountsFromTheNextHold) {
  configure(key_account("ada"), budget_of(usd(10)));
  auto hold = limiter.hold(payers("ada"), usd(6), now());
  configure(key_account("ada"), budget_of(usd(5)), usd(999));
  EXPECT_EQ(status(key_account("ada")).held, usd(6));
  EXPECT_FALSE(limiter.hold(payers("ada"), PicoUsd{1}, now()));
  EXPECT_FALSE(hold->extend(PicoUsd{1}));
  hold->settle(usd(4));
  EXPECT_TRUE(limiter.hold(payers("ada"), usd(1), now()));
  configure(key_account("ada"), budget_of(usd(20)), usd(999));
  EXPECT_TRUE(limiter.hold(payers("ada"), usd(16), now()));
  EXPECT_FALSE(limiter.hold(payers("ada"), usd(17), now()));
}

TEST_F(Budget, G10_AKeyThatMovesLeavesWhatItBeganWithItsOldTeam) {
  configure(team_account("old"), budget_of(usd(10)));
  configure(team_account("new"), budget_of(usd(10)));
  auto begun = limiter.hold(payers("ada", "old"), usd(4), now());
  auto later = limiter.hold(payers("ada", "new"), usd(3), now());
  begun->settle(usd(4));
  later->settle(usd(3));
  EXPECT_EQ(status(team_account("old")).spent, usd(4));
  EXPECT_EQ(status(team_account("new")).spent, usd(3));
}

TEST_F(Budget, G10_ABudgetThatIsNewCountsWhatWasUnderWay) {
  auto without = limiter.hold(payers("ada"), usd(6), now());
  configure(key_account("ada"), budget_of(usd(10)), usd(3));
  EXPECT_EQ(status(key_account("ada")).spent, usd(3));
  EXPECT_EQ(status(key_account("ada")).held, usd(0));
  ASSERT_TRUE(without->extend(usd(50))) << "it is in no budget";
  without->settle(usd(6));
  EXPECT_EQ(status(key_account("ada")).spent, usd(9));
  EXPECT_EQ(status(key_account("ada")).held, usd(0));
  EXPECT_FALSE(limiter.hold(payers("ada"), usd(2), now()));
}

TEST_F(Budget, G10_ABudgetThatIsRemovedAndMadeAgainHoldsNothing) {
  configure(key_account("ada"), budget_of(usd(10)));
  auto hold = limiter.hold(payers("ada"), usd(6), now());
  configure(key_account("ada"), {});
  configure(key_account("ada"), budget_of(usd(10)), usd(1));
  EXPECT_EQ(status(key_account("ada")).held, usd(0));
  hold->settle(usd(2));
  EXPECT_EQ(status(key_account("ada")).held, usd(0));
  EXPECT_EQ(status(key_account("ada")).spent, usd(3));
}

TEST_F(Budget, IsEnforcedAtOnceByWhatWasSeenHereAndTheLedgersLessonCorrectsIt) {
  const auto fails = [](const AccountId&, config::Clock::Wall) -> config::Result<PicoUsd> {
    return config::failure(config::ErrorCode::overloaded, "the ledger is locked");
  };
  const auto limits = budget_of(usd(10));
  limiter.configure(key_account("ada"), limits, now());
  EXPECT_EQ(limiter.unlearnt(), 1U);
  EXPECT_FALSE(limiter.hold(payers("ada"), usd(11), now()));
  limiter.hold(payers("ada"), usd(3), now())->settle(usd(3));
  // While the ledger is asked, and when it could not tell, that stays known.
  limiter.begin_to_learn();
  EXPECT_FALSE(limiter.hold(payers("ada"), usd(8), now()));
  EXPECT_FALSE(limiter.learn(fails));
  EXPECT_FALSE(limiter.hold(payers("ada"), usd(8), now()));
  EXPECT_FALSE(status(key_account("ada")).learnt);
  auto hold = limiter.hold(payers("ada"), usd(7), now());
  ASSERT_TRUE(hold);
  // The ledger has what was settled before it was asked, and more.
  limiter.begin_to_learn();
  hold->settle(usd(4));
  const auto tells = [](const AccountId&, config::Clock::Wall) {
    return config::Result<PicoUsd>(usd(5));
  };
  EXPECT_TRUE(limiter.learn(tells));
  EXPECT_EQ(limiter.unlearnt(), 0U);
  EXPECT_TRUE(status(key_account("ada")).learnt);
  EXPECT_EQ(status(key_account("ada")).spent, usd(9));
  EXPECT_FALSE(limiter.hold(payers("ada"), usd(2), now()));
}

TEST_F(Budget, WhoNeverSpentHasNothingToLearn) {
  limiter.configure(key_account("new"), budget_of(usd(3)), now());
  limiter.nothing_to_learn(key_account("new"));
  EXPECT_EQ(limiter.unlearnt(), 0U);
  limiter.hold(payers("new"), usd(2), now())->settle(usd(2));
  EXPECT_FALSE(limiter.hold(payers("new"), usd(2), now()));
  // Nor does what another one learns change anything of it.
  configure(key_account("ada"), budget_of(usd(3)), usd(1));
  EXPECT_EQ(status(key_account("new")).spent, usd(2));
}

TEST_F(Budget, AWindowThatBeganWhileTheLedgerWasSilentKnowsItsOwn) {
  limiter.configure(key_account("ada"), budget_of(usd(10), config::Window::hour), now());
  limiter.hold(payers("ada"), usd(3), now())->settle(usd(3));
  clock.advance(hours(1));
  limiter.hold(payers("ada"), usd(2), now())->settle(usd(2));
  // Learnt of the window in which it began, and of all since.
  limiter.begin_to_learn();
  const auto tells = [](const AccountId&, config::Clock::Wall) {
    return config::Result<PicoUsd>(usd(9));
  };
  EXPECT_TRUE(limiter.learn(tells));
  EXPECT_EQ(status(key_account("ada")).spent, usd(2));
}

TEST_F(Budget, G14_TheLowestLimitWinsAndARefusalHoldsNothingAnywhere) {
  configure(key_account("ada"), budget_of(usd(10)));
  configure(team_account("research"), budget_of(usd(4)));
  configure({}, budget_of(usd(100)));
  const auto ada = payers("ada", "research");
  auto hold = limiter.hold(ada, usd(3), now());
  ASSERT_TRUE(hold);
  for (int i = 0; i < 10; ++i) {
    const auto refused = limiter.hold(ada, usd(2), now());
    ASSERT_FALSE(refused);
    EXPECT_THAT(refused.error().message, HasSubstr("Team \"research\" has a budget of 4 USD"));
  }
  for (const auto& id : {key_account("ada"), team_account("research"), AccountId{}}) {
    EXPECT_EQ(status(id).held, usd(3));
  }
  hold->settle(usd(1));
  for (const auto& id : {key_account("ada"), team_account("research"), AccountId{}}) {
    EXPECT_EQ(status(id).held, usd(0));
    EXPECT_EQ(status(id).spent, usd(1));
  }
}

TEST_F(Budget, ARefusalNamesLimitSpentHeldAndReset) {
  // The clock stands at noon UTC of 15 June 2025.
  configure(key_account("ada"), budget_of(usd(10), config::Window::month, "Europe/Berlin"), usd(7));
  auto hold = limiter.hold(payers("ada"), usd(1), now());
  const auto refused = limiter.hold(payers("ada"), usd(4), now());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, config::ErrorCode::budget_exceeded);
  EXPECT_EQ(refused.error().message,
            "Key \"ada\" has a budget of 10 USD per month (Europe/Berlin): 7 USD are spent, 1 USD "
            "held for requests under way, and this one may cost 4 USD more. Less (max_tokens) may "
            "fit. It resets at "
            "2025-07-01T00:00:00+02:00.");
  EXPECT_EQ(refused.error().retry_after, hours(15 * 24 + 10));
}

TEST_F(Budget, ARefusalForHoldsOfOthersMayBeTriedAgainSoon) {
  configure(key_account("ada"), budget_of(usd(10), config::Window::day));
  auto hold = limiter.hold(payers("ada"), usd(8), now());
  EXPECT_EQ(limiter.hold(payers("ada"), usd(5), now()).error().retry_after, seconds(1));
  const auto never = limiter.hold(payers("ada"), usd(11), now()).error();
  EXPECT_EQ(never.retry_after, std::nullopt);
  EXPECT_THAT(never.message,
              HasSubstr("That is more than the whole budget: ask for less (max_tokens)."));
}

TEST_F(Budget, ATotalDoesNotReset) {
  configure(key_account("ada"), budget_of(usd(10)), usd(10));
  clock.advance(hours(24 * 365 * 20));
  const auto refused = limiter.hold(payers("ada"), usd(1), now());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().retry_after, std::nullopt);
  EXPECT_THAT(refused.error().message, HasSubstr("10 USD in total (UTC)"));
  EXPECT_THAT(refused.error().message, Not(HasSubstr("max_tokens"))) << "nothing is left";
  EXPECT_THAT(refused.error().message, HasSubstr("It does not reset."));
  EXPECT_EQ(status(key_account("ada")).resets_at, std::nullopt);
}

TEST_F(Budget, TheDryRunTakesNothing) {
  configure(key_account("ada"), budget_of(usd(10)), usd(4));
  EXPECT_TRUE(limiter.would_fit(payers("ada"), usd(6), now()));
  EXPECT_TRUE(limiter.would_fit(payers("ada"), usd(6), now()));
  EXPECT_FALSE(limiter.would_fit(payers("ada"), usd(7), now()));
  const auto budgets = limiter.budgets(payers("ada"), now());
  ASSERT_EQ(budgets.size(), 1u);
  EXPECT_EQ(budgets[0].left(), usd(6));
  EXPECT_TRUE(limiter.has_budget(payers("ada")));
  EXPECT_FALSE(limiter.has_budget(payers("eve")));
}

TEST_F(Budget, NoAmountIsNegative) {
  configure(key_account("ada"), budget_of(usd(10)));
  EXPECT_EQ(limiter.hold(payers("ada"), PicoUsd{-1}, now()).error().code,
            config::ErrorCode::internal);
  auto hold = limiter.hold(payers("ada"), usd(1), now());
  EXPECT_FALSE(hold->extend(PicoUsd{-1}));
  EXPECT_EQ(hold->amount(), usd(1));
}

TEST_F(Budget, ACorrectionCountsWhereItsRecordBegan) {
  configure(key_account("ada"), budget_of(usd(10), config::Window::day));
  const auto yesterday = clock.wall();
  limiter.spend(payers("ada"), usd(4), yesterday, kRow);
  clock.advance(hours(24));
  limiter.spend(payers("ada"), usd(3), clock.wall(), kRow);
  limiter.spend(payers("ada"), usd(-1), yesterday, kRow);
  EXPECT_EQ(status(key_account("ada")).spent, usd(3));
  limiter.spend(payers("ada"), usd(-1), clock.wall(), kRow);
  EXPECT_EQ(status(key_account("ada")).spent, usd(2));
  clock.set_wall(yesterday);
  EXPECT_EQ(status(key_account("ada")).spent, usd(3));
  limiter.spend(payers("ada"), usd(5), yesterday - hours(24), kRow);
  EXPECT_EQ(status(key_account("ada")).spent, usd(3)) << "that day is not kept";
}

// What is booked in the ledger is told to the budget a moment later, and a lesson may lie before,
// between or behind the two.
TEST_F(Budget, WhatALessonFindsInTheLedgerIsCountedOnceWheneverItIsTold) {
  enum Step : char { commit = 'C', told = 'T', begin = 'b', ask = 'a', learn = 'l' };
  std::string order = "CTabl";
  for (const PicoUsd change : {usd(2), usd(-2)}) {
    do {
      const auto at = [&](Step step) { return order.find(step); };
      if (at(commit) > at(told) || at(begin) > at(ask) || at(ask) > at(learn)) continue;
      LocalLimiter fresh;
      const auto ada = fresh.payers(config::KeyName("ada"), {});
      fresh.configure(key_account("ada"), budget_of(usd(10)), now());
      PicoUsd ledger = usd(5);
      std::int64_t rows = kRow;
      config::Result<PicoUsd> answer = PicoUsd{};
      std::int64_t through = 0;
      for (const char step : order) {
        if (step == commit) {
          ledger.value += change.value;
          ++rows;
        } else if (step == told) {
          fresh.spend(ada, change, clock.wall(), kRow + 1);
        } else if (step == begin) {
          fresh.begin_to_learn();
        } else if (step == ask) {
          answer = ledger;
          through = rows;
        } else {
          const auto tell = [&](const AccountId&, config::Clock::Wall) { return answer; };
          EXPECT_TRUE(fresh.learn(tell, {}, through));
        }
      }
      EXPECT_EQ(fresh.budgets(now()).at(0).spent, ledger) << order;
    } while (std::next_permutation(order.begin(), order.end()));
  }
}

}  // namespace
}  // namespace gateway::limits

#include "gateway/accounting.h"

#include <gtest/gtest.h>

#include "gateway/ledger/journal.h"
#include "gateway/ledger/ledger_reader.h"
#include "gateway/limits/local_limiter.h"
#include "tests/gateway/ledger/journal_rig.h"
#include "tests/support/wait_for.h"

namespace {

using namespace gateway;
using namespace std::chrono_literals;
using config::PicoUsd;
using test::hold_of;
using test::record_of;

constexpr PicoUsd kBudget{10'000'000};
const AccountId kKey{AccountKind::key, "ada"};

// One gateway's money: several of them in one test are processes side by side.
struct Process {
  Process(const test::JournalPlace& place, std::uint64_t seed) {
    config::Ledger settings = place.settings();
    settings.database = place.dir().file("tollgate.db");
    auto opened = Accounting::open(settings, 1, clock, seed, limiter);
    EXPECT_TRUE(opened) << opened.error().message;
    if (opened) accounting = *std::move(opened);
  }

  // Has a budget from now on, and knows what was spent of it.
  bool budget() {
    config::Limits limits;
    limits.budgets.push_back({kBudget, config::Window::total, "UTC"});
    limiter.configure(kKey, limits, limits::Now::of(clock));
    return accounting->budgets().ask_and_wait(10s).has_value();
  }
  bool fits(std::int64_t amount) {
    return limiter
        .would_fit(limiter.payers(config::KeyName("ada"), {}), PicoUsd{amount},
                   limits::Now::of(clock))
        .has_value();
  }
  // Everything of the budget but this is spent or held.
  bool comes_to(std::int64_t spent) {
    const std::int64_t left = kBudget.value - spent;
    return test::wait_for(10s, [&] { return fits(left) && !fits(left + 1); });
  }
  Journal& journal() {
    if (!journal_) journal_.emplace(accounting->journals(), 0, clock);
    return *journal_;
  }
  // As kill -9 would: nothing is carried, the locks go.
  void die() {
    journal_.reset();
    accounting.reset();
  }

  config::SystemClock clock;
  limits::LocalLimiter limiter;
  std::unique_ptr<Accounting> accounting;
  std::optional<Journal> journal_;
};

// A hold as the attempt's own process has it: in its limiter too.
void hold(Process& process, int number, std::int64_t amount) {
  Hold hold = hold_of(number);
  hold.reserved = PicoUsd{amount};
  ASSERT_TRUE(process.journal().hold(hold));
}

TEST(SideBySide, TheSuccessorServesAndTakesTheLedgerOverWhenItIsFree) {
  const test::JournalPlace place;
  Process older(place, 1);
  ASSERT_NE(older.accounting->writer(), nullptr);
  Process newer(place, 2);
  EXPECT_EQ(newer.accounting->writer(), nullptr);
  EXPECT_FALSE(newer.accounting->run([] {}));
  hold(newer, 1, 500);
  newer.journal().settle(record_of(hold_of(1), 400));
  hold(older, 2, 50);
  older.journal().settle(record_of(hold_of(2), 30));

  older.die();
  ASSERT_TRUE(test::wait_for(10s, [&] { return newer.accounting->writer() != nullptr; }));
  ASSERT_TRUE(newer.budget());
  EXPECT_TRUE(newer.comes_to(430));
}

TEST(SideBySide, TheSuccessorsBudgetsCountWhatTheOlderHoldsAndThenWhatItCost) {
  const test::JournalPlace place;
  Process older(place, 1);
  hold(older, 1, 3'000'000);
  older.journal().settle(record_of(hold_of(1), 2'000'000));
  hold(older, 2, 4'000'000);
  Process newer(place, 2);
  ASSERT_TRUE(newer.budget());
  EXPECT_TRUE(newer.comes_to(6'000'000));

  hold(older, 3, 1'000'000);
  EXPECT_TRUE(newer.comes_to(7'000'000));
  older.journal().settle(record_of(hold_of(2), 500'000));
  EXPECT_TRUE(newer.comes_to(3'500'000));
  // It dies with one open: interrupted, at what was held. Nothing counts twice on its way.
  older.die();
  ASSERT_TRUE(test::wait_for(10s, [&] { return newer.accounting->writer() != nullptr; }));
  ASSERT_TRUE(newer.accounting->budgets().ask_and_wait(10s));
  EXPECT_TRUE(newer.comes_to(3'500'000));
}

TEST(SideBySide, TheOldersBudgetsCountWhatItsSuccessorSpendsEvenWhenThatDies) {
  const test::JournalPlace place;
  Process older(place, 1);
  ASSERT_TRUE(older.budget());
  {
    Process newer(place, 2);
    hold(newer, 1, 3'000'000);
    newer.journal().settle(record_of(hold_of(1), 2'500'000));
    hold(newer, 2, 1'000'000);
    EXPECT_TRUE(older.comes_to(3'500'000));
    newer.journal().settle(record_of(hold_of(2), 900'000));
    hold(newer, 3, 100'000);
    newer.die();
  }
  // Carried into the ledger by the older one, which runs on.
  EXPECT_TRUE(older.comes_to(3'500'000));
  const auto ledger = LedgerReader::open(place.dir().file("tollgate.db"), 1s);
  ASSERT_TRUE(ledger);
  EXPECT_TRUE(
      test::wait_for(20s, [&] { return *(*ledger)->spent(kKey, {}) == PicoUsd{3'500'000}; }));
  older.accounting->budgets().look_elsewhere();
  EXPECT_TRUE(older.comes_to(3'500'000));
}

TEST(SideBySide, ABudgetThatBeginsWhileNobodyCanTellLearnsByItselfOnceSomebodyCan) {
  const test::JournalPlace place;
  Process older(place, 1);
  Process newer(place, 2);
  hold(newer, 1, 9'000'000);
  newer.journal().settle(record_of(hold_of(1), 8'000'000));
  config::Limits limits;
  limits.budgets.push_back({kBudget, config::Window::total, "UTC"});
  newer.limiter.configure(kKey, limits, limits::Now::of(newer.clock));
  const auto told = newer.accounting->budgets().ask_and_wait(100ms);
  ASSERT_FALSE(told);
  EXPECT_TRUE(newer.fits(kBudget.value));
  older.die();
  EXPECT_TRUE(newer.comes_to(8'000'000));
}

}  // namespace

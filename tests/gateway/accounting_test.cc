#include "gateway/accounting.h"

#include <gtest/gtest.h>

#include "gateway/ledger/journal.h"
#include "gateway/ledger/ledger_reader.h"
#include "gateway/ledger/sqlite/ledger_file.h"
#include "gateway/limits/local_limiter.h"
#include "gateway/metrics/metrics.h"
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
  Process(const test::JournalPlace& place, std::uint64_t seed) : Process(place, seed, 5s) {}
  // `locked`: how long it waits for somebody else's lock on the ledger.
  Process(const test::JournalPlace& place, std::uint64_t seed, std::chrono::milliseconds locked) {
    config::Ledger settings = place.settings();
    settings.database = place.dir().file("tollgate.db");
    auto opened = Accounting::open(settings, 1, clock, seed, limiter, locked);
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

// As an older version has it, whose ledger has no packed sums yet.
TEST(SideBySide, TheSuccessorOfAnOlderVersionServesAndBringsTheLedgerUpWhenItIsFree) {
  const test::JournalPlace place;
  Process older(place, 1);
  ASSERT_NE(older.accounting->writer(), nullptr);
  const std::string path = place.dir().file("tollgate.db");
  {
    auto file = sqlite::open_again(path, {});
    ASSERT_TRUE(file) << file.error().message;
    ASSERT_TRUE(file->run("DROP TABLE packed_rollup; PRAGMA user_version = 2;"));
  }
  Process newer(place, 2);
  ASSERT_NE(newer.accounting, nullptr);
  EXPECT_EQ(newer.accounting->writer(), nullptr);
  ASSERT_TRUE(newer.budget());
  hold(older, 1, 50);
  older.journal().settle(record_of(hold_of(1), 30));
  EXPECT_TRUE(newer.comes_to(30));

  older.die();
  ASSERT_TRUE(test::wait_for(10s, [&] { return newer.accounting->writer() != nullptr; }));
  EXPECT_TRUE(sqlite::open_for_reading(path, 5s));
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
  EXPECT_TRUE(older.comes_to(3'500'000));
}

TEST(SideBySide, WhatADeadProcessHadOpenIsCountedOnceAndWhatItHadSettledIsNot) {
  const test::JournalPlace place;
  const auto attempts = [](const Process& process) {
    metrics::Metrics metrics({}, 1);
    metrics.include(process.accounting->counted());
    const std::string text = metrics.text();
    const std::string name = "\ntollgate_attempts_total{";
    std::string found;
    for (auto at = text.find(name); at != std::string::npos; at = text.find(name, at + 1)) {
      found += text.substr(text.find("outcome=", at), text.find('\n', at + 1) - at);
    }
    return found.substr(0, found.find('\n'));
  };
  const std::string once = "outcome=\"interrupted\",error=\"\"} 1";
  {
    Process first(place, 1);
    hold(first, 1, 500);
    first.journal().settle(record_of(hold_of(1), 400));
    hold(first, 2, 700);
    EXPECT_EQ(attempts(first), "") << "its workers count what they settle";
    first.die();
  }
  {
    Process second(place, 2);  // finds it at its start
    EXPECT_EQ(attempts(second), once);
    hold(second, 3, 50);
    // One beside it that dies: found while it runs.
    Process third(place, 3);
    hold(third, 4, 60);
    third.die();
    EXPECT_TRUE(test::wait_for(20s, [&] {
      return attempts(second) == "outcome=\"interrupted\",error=\"\"} 2";
    })) << attempts(second);
    second.die();
  }
  Process last(place, 4);
  EXPECT_EQ(attempts(last), once);
}

TEST(SideBySide, ABudgetThatBeginsMeanwhileKnowsWhatBothHaveSpent) {
  const test::JournalPlace place;
  Process older(place, 1);
  hold(older, 1, 600'000);
  older.journal().settle(record_of(hold_of(1), 500'000));
  Process newer(place, 2);
  hold(newer, 2, 9'000'000);
  newer.journal().settle(record_of(hold_of(2), 8'000'000));
  ASSERT_TRUE(newer.budget());
  EXPECT_TRUE(newer.comes_to(8'500'000));
  ASSERT_TRUE(older.budget());
  EXPECT_TRUE(older.comes_to(8'500'000));
  older.die();
  ASSERT_TRUE(test::wait_for(10s, [&] { return newer.accounting->writer() != nullptr; }));
  ASSERT_TRUE(newer.accounting->budgets().ask_and_wait(10s));
  EXPECT_TRUE(newer.comes_to(8'500'000));
}

TEST(SideBySide, WhatIsInTheLedgerBeforeAnybodySawItInAJournalCounts) {
  const test::JournalPlace place;
  Process older(place, 1);
  Process newer(place, 2);
  ASSERT_TRUE(older.budget());
  ASSERT_TRUE(newer.budget());
  for (int i = 1; i <= 20; ++i) {
    hold(older, i, 200'000);
    older.journal().settle(record_of(hold_of(i), 100'000));
    // Carried at once: between two looks of the newer one it is written, read and booked.
    ASSERT_TRUE(older.accounting->budgets().ask_and_wait(10s));
  }
  EXPECT_TRUE(newer.comes_to(2'000'000));
}

TEST(SideBySide, HoldsOfOthersThatEndWhileABudgetBeginsAreNotTakenOffIt) {
  const test::JournalPlace place;
  Process older(place, 1);
  Process newer(place, 2);
  for (int i = 1; i <= 20; ++i) hold(newer, i, 900'000);
  // Seen as held by now.
  ASSERT_TRUE(older.accounting->budgets().ask_and_wait(10s));
  for (int i = 1; i <= 20; ++i) newer.journal().settle(record_of(hold_of(i), 20'000));
  ASSERT_TRUE(older.budget());
  EXPECT_TRUE(older.comes_to(400'000));
}

TEST(SideBySide, ALedgerThatSomebodyHoldsLockedKeepsNoBudgetFromBeginning) {
  const test::JournalPlace place;
  {
    Process dead(place, 1);
    hold(dead, 1, 900'000);
    dead.journal().settle(record_of(hold_of(1), 700'000));
  }
  {
    // Its journal outlives it, as when it was killed.
    const auto folder = JournalFolder::open(place.settings(), 1, 7).value();
    const config::SystemClock clock;
    Journal journal(*folder, 0, clock);
    ASSERT_TRUE(journal.hold(hold_of(2)));
    journal.settle(record_of(hold_of(2), 100'000));
  }
  sqlite::OpenOptions options;
  auto other = sqlite::Database::open(place.dir().file("tollgate.db"), options);
  ASSERT_TRUE(other);
  auto lock = sqlite::Transaction::begin(*other, sqlite::Transaction::Kind::immediate);
  ASSERT_TRUE(lock);
  Process next(place, 3, 10ms);
  ASSERT_TRUE(next.budget());
  EXPECT_TRUE(next.comes_to(800'000));
}

}  // namespace

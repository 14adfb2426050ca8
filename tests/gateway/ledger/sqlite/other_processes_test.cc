#include "gateway/ledger/other_processes.h"

#include <random>
#include <set>

#include <gtest/gtest.h>

#include "gateway/ledger/journal.h"
#include "gateway/ledger/ledger_writer.h"
#include "gateway/ledger/replay.h"
#include "gateway/ledger/sqlite_ledger.h"
#include "tests/gateway/ledger/journal_rig.h"
#include "tests/support/shared_clock.h"

namespace gateway {
namespace {

using namespace std::chrono_literals;
using config::PicoUsd;
using test::hold_of;
using test::record_of;

const AccountId kAda{AccountKind::key, "ada"};
const AccountId kEverybody{};

std::int64_t reserved(int number) {
  return hold_of(number).reserved.value_or(PicoUsd{}).value;
}

// Another process that journals, its ledger, and who looks at both.
struct SideBySide {
  Journal& journal() {
    if (!journal_) journal_.emplace(*theirs, 0, clock);
    return *journal_;
  }
  void hold(int number) { ASSERT_TRUE(journal().hold(hold_of(number))); }
  void settle(int number, std::int64_t cost) { journal().settle(record_of(hold_of(number), cost)); }
  std::int64_t spent(const AccountId& account = kAda) { return others.spent(account, {}).value; }

  test::JournalPlace place;
  test::SharedClock clock;
  const std::string database = place.dir().file("tollgate.db");
  std::unique_ptr<SqliteLedger> ledger = *SqliteLedger::open(database, {});
  std::unique_ptr<JournalFolder> ours = *JournalFolder::open(place.settings(), 1, 1);
  std::unique_ptr<JournalFolder> theirs = *JournalFolder::open(place.settings(), 1, 2);
  std::optional<Journal> journal_;
  OtherProcesses others{*ours, database};
};

TEST(OtherProcesses, ALookReadsWhatIsNewAndNothingAgain) {
  SideBySide both;
  constexpr int kWaiting = 2'000;
  for (int i = 0; i < kWaiting; ++i) {
    both.hold(i);
    both.settle(i, 10);
  }
  ASSERT_TRUE(*both.others.look());
  EXPECT_EQ(both.others.read(), 2U * kWaiting);
  EXPECT_EQ(both.spent(), 10 * kWaiting);
  ASSERT_TRUE(*both.others.look());
  EXPECT_EQ(both.others.read(), 2U * kWaiting);

  both.hold(kWaiting);
  ASSERT_TRUE(*both.others.look());
  EXPECT_EQ(both.others.read(), 2U * kWaiting + 1);
  EXPECT_EQ(both.spent(), 10 * kWaiting + reserved(kWaiting));
  // Of the ledger, too, what came since.
  const std::vector<UsageRecord> carried = {record_of(hold_of(0), 10), record_of(hold_of(1), 10)};
  ASSERT_TRUE(both.ledger->append(carried));
  ASSERT_TRUE(*both.others.look());
  EXPECT_EQ(both.others.read(), 2U * kWaiting + 3);
  EXPECT_EQ(both.spent(kEverybody), 10 * (kWaiting - 2) + reserved(kWaiting));
}

TEST(OtherProcesses, WhatWasInTheLedgerBeforeTheFirstLookCountsThere) {
  SideBySide both;
  both.hold(1);
  both.settle(1, 10);
  both.hold(2);
  const std::vector<UsageRecord> carried = {record_of(hold_of(1), 10)};
  ASSERT_TRUE(both.ledger->append(carried));
  ASSERT_TRUE(*both.others.look());
  EXPECT_EQ(both.spent(), reserved(2));
  // Of other accounts, and of later times, nothing.
  EXPECT_EQ(both.spent({AccountKind::key, "bob"}), 0);
  EXPECT_EQ(both.others.spent(kAda, hold_of(2).started + 1s).value, 0);
}

TEST(OtherProcesses, WhileTheLedgerCannotBeReadNothingNewCounts) {
  SideBySide both;
  both.hold(1);
  OtherProcesses blind(*both.ours, both.place.dir().file("nothing.db"));
  EXPECT_FALSE(blind.look());
  EXPECT_EQ(blind.spent(kAda, {}).value, 0);
}

// What a look at everything says: the attempts that journals speak of and the ledger lacks.
std::int64_t all_there_is(SideBySide& both) {
  const auto reader = *LedgerReader::open(both.database, 1s);
  std::int64_t sum = 0;
  for (const UsageRecord& record : attempts_in(both.theirs->path())) {
    if (!*reader->cost(record.request, record.attempt))
      sum += record.cost.amount.value_or(PicoUsd{}).value;
  }
  return sum;
}

TEST(OtherProcesses, WhateverHappensItSaysWhatALookAtEverythingSays) {
  for (unsigned seed = 0; seed < 20; ++seed) {
    SideBySide both;
    // Small files, so that many come and go.
    const auto small = both.place.settings(1024UL * 1024);
    both.theirs = *JournalFolder::open(small, 1, 3);
    LedgerWriter writer(*both.ledger, *both.theirs, both.clock, {.batch = 1ms});
    writer.start();
    std::mt19937 random(seed);
    std::vector<int> open;
    int next = 0;
    for (int step = 0; step < 3'000; ++step) {
      const unsigned what = random() % 100;
      if (what < 50) {
        both.hold(next);
        open.push_back(next++);
      } else if (what < 60 && !open.empty()) {
        const int number = open[random() % open.size()];
        const PicoUsd more{reserved(number) + step};
        ASSERT_TRUE(both.journal().extend({hold_of(number).request, 1, more}));
      } else if (!open.empty()) {
        const auto at = open.begin() + static_cast<std::ptrdiff_t>(random() % open.size());
        both.settle(*at, step);
        open.erase(at);
      }
      if (random() % 200 != 0) continue;
      if (random() % 2 == 0) ASSERT_TRUE(writer.flush(10s));
      // At rest, so that both see the same.
      ASSERT_TRUE(writer.flush(10s));
      ASSERT_TRUE(both.others.look());
      ASSERT_EQ(both.spent(), all_there_is(both)) << seed << " " << step;
    }
    both.journal_.reset();
    writer.stop(10s);
  }
}

}  // namespace
}  // namespace gateway

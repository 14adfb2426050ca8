#include "gateway/ledger/ledger_writer.h"

#include <gtest/gtest.h>

#include "gateway/ledger/journal.h"
#include "tests/gateway/ledger/journal_rig.h"
#include "tests/support/fake_clock.h"
#include "tests/support/wait_for.h"

namespace {

using namespace gateway;
using namespace std::chrono_literals;
using test::hold_of;
using test::record_of;

constexpr LedgerWriter::Pace kQuick{.batch = 2ms, .longest_pause = 10ms};

struct Rig {
  explicit Rig(std::size_t bytes = 64UL * 1024 * 1024)
      : folder(JournalFolder::open(place.settings(bytes), 1, 1).value()) {}

  test::JournalPlace place;
  config::SystemClock clock;
  test::MemoryLedger ledger;
  std::unique_ptr<JournalFolder> folder;
};

TEST(LedgerWriter, CarriesWhatWasSettledBeforeAFlush) {
  Rig rig;
  Journal journal(*rig.folder, 0, rig.clock);
  LedgerWriter writer(rig.ledger, *rig.folder, rig.clock, kQuick);
  writer.start();
  for (int i = 0; i < 1'200; ++i) {
    ASSERT_TRUE(journal.hold(hold_of(i)));
    if (i % 3 != 0) journal.settle(record_of(hold_of(i), i));
  }
  ASSERT_TRUE(writer.flush(10s));
  EXPECT_EQ(rig.ledger.records().size(), 800U);
  EXPECT_LE(rig.ledger.largest_batch(), 500U);
  EXPECT_EQ(writer.counts().records, 800U);
  EXPECT_EQ(writer.counts().lag_bytes, 0U);
}

TEST(LedgerWriter, ALedgerThatFailsSomeTimesLosesNothing) {
  Rig rig;
  Journal journal(*rig.folder, 0, rig.clock);
  LedgerWriter writer(rig.ledger, *rig.folder, rig.clock, kQuick);
  rig.ledger.fail_next(7);
  writer.start();
  for (int i = 0; i < 1'300; ++i) {
    ASSERT_TRUE(journal.hold(hold_of(i)));
    journal.settle(record_of(hold_of(i), 1));
  }
  ASSERT_TRUE(writer.flush(10s));
  EXPECT_EQ(rig.ledger.sum(), 1'300);
  EXPECT_EQ(rig.ledger.repeated(), 0);
  EXPECT_EQ(writer.counts().failures, 7U);
  EXPECT_FALSE(writer.counts().failing);
}

TEST(LedgerWriter, ACleanEndTakesItsFolderAway) {
  Rig rig;
  LedgerWriter writer(rig.ledger, *rig.folder, rig.clock, kQuick);
  writer.start();
  {
    Journal journal(*rig.folder, 0, rig.clock);
    ASSERT_TRUE(journal.hold(hold_of(1)));
    journal.settle(record_of(hold_of(1), 5));
  }
  EXPECT_TRUE(writer.stop(10s));
  EXPECT_EQ(rig.ledger.sum(), 5);
  EXPECT_FALSE(std::filesystem::exists(rig.folder->path()));
}

TEST(LedgerWriter, AnEndWithSomethingHeldLeavesItToTheNextStart) {
  Rig rig;
  {
    LedgerWriter writer(rig.ledger, *rig.folder, rig.clock, kQuick);
    writer.start();
    Journal journal(*rig.folder, 0, rig.clock);
    ASSERT_TRUE(journal.hold(hold_of(1)));
    ASSERT_TRUE(journal.hold(hold_of(2)));
    ASSERT_TRUE(journal.extend({hold_of(2).request, 1, config::PicoUsd{77}}));
    EXPECT_FALSE(writer.stop(10s));
  }
  rig.folder.reset();
  const auto next = JournalFolder::open(rig.place.settings(), 1, 2).value();
  LedgerWriter writer(rig.ledger, *next, rig.clock, kQuick);
  const auto recovered = writer.recover();
  ASSERT_TRUE(recovered);
  EXPECT_EQ(recovered->interrupted, 2U);
  const auto records = rig.ledger.records();
  ASSERT_EQ(records.size(), 2U);
  EXPECT_EQ(records.begin()->second.outcome, Outcome::interrupted);
  EXPECT_EQ(rig.ledger.sum(), hold_of(1).reserved->value + 77);
  EXPECT_TRUE(next->take_abandoned().empty());
}

TEST(LedgerWriter, RunsTasksOnItsThread) {
  Rig rig;
  LedgerWriter writer(rig.ledger, *rig.folder, rig.clock, kQuick);
  writer.start();
  std::atomic<bool> ran = false;
  std::thread::id where;
  writer.run([] { throw std::runtime_error("a bug"); });
  writer.run([&] {
    where = std::this_thread::get_id();
    ran = true;
  });
  ASSERT_TRUE(test::wait_for(10s, [&] { return ran.load(); }));
  EXPECT_NE(where, std::this_thread::get_id());
}

}  // namespace

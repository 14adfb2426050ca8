#include "gateway/ledger/ledger_writer.h"

#include <gtest/gtest.h>

#include "gateway/ledger/journal.h"
#include "gateway/ledger/next_look.h"
#include "tests/gateway/ledger/journal_rig.h"
#include "tests/support/fake_clock.h"
#include "tests/support/shared_clock.h"
#include "tests/support/wait_for.h"

namespace {

using namespace gateway;
using namespace std::chrono_literals;
using test::hold_of;
using test::record_of;

constexpr LedgerWriter::Pace kQuick{.batch = 2ms, .batch_records = 500, .longest_pause = 10ms};

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
  EXPECT_LE(rig.ledger.largest_batch(), kQuick.batch_records);
  EXPECT_EQ(writer.counts().records, 800U);
  EXPECT_EQ(writer.lag_bytes(), 0U);
  EXPECT_EQ(writer.lag(), 0ms);
}

TEST(LedgerWriter, IsBehindFromTheMomentOnThatSomethingIsJournalled) {
  Rig rig;
  Journal journal(*rig.folder, 0, rig.clock);
  LedgerWriter writer(rig.ledger, *rig.folder, rig.clock, kQuick);
  EXPECT_EQ(writer.lag(), 0ms);
  ASSERT_TRUE(journal.hold(hold_of(1)));
  journal.settle(record_of(hold_of(1), 5));
  EXPECT_GT(writer.lag(), 0ms) << "before anybody has looked";
  EXPECT_GT(writer.lag_bytes(), 0U);
  std::chrono::milliseconds while_it_is_read{0};
  rig.ledger.at_first_append = [&] { while_it_is_read = writer.lag(); };
  writer.start();
  ASSERT_TRUE(writer.flush(10s));
  EXPECT_GT(while_it_is_read, 0ms) << "read, and not in the ledger";
  EXPECT_EQ(writer.lag(), 0ms);
}

TEST(LedgerWriter, IsAsFarBehindAsItsLastLookThoughSomethingAlwaysComes) {
  Rig rig;
  test::SharedClock clock;
  Journal journal(*rig.folder, 0, clock);
  LedgerWriter writer(rig.ledger, *rig.folder, clock, kQuick);
  int next = 0;
  const auto pay = [&] {
    ASSERT_TRUE(journal.hold(hold_of(next)));
    journal.settle(record_of(hold_of(next++), 1));
  };
  std::chrono::milliseconds farthest{0};
  const std::function<void()> while_it_appends = [&] {
    farthest = std::max(farthest, writer.lag());
    clock.advance(1s);
    if (next < 20) rig.ledger.at_first_append = while_it_appends;
    pay();
  };
  rig.ledger.at_first_append = while_it_appends;
  pay();
  writer.start();
  EXPECT_TRUE(test::wait_for(10s, [&] { return rig.ledger.records().size() == 21; }));
  ASSERT_TRUE(writer.flush(10s));
  EXPECT_LE(farthest, 2s);
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

// Of what is seen from outside, the attempts without a record.
std::vector<UsageRecord> open_attempts(const JournalFolder& other) {
  std::vector<UsageRecord> seen;
  for (const auto& folder : other.folders_elsewhere()) {
    for (UsageRecord& record : attempts_in(folder)) seen.push_back(std::move(record));
  }
  std::erase_if(seen, [](const auto& one) { return one.outcome != Outcome::interrupted; });
  return seen;
}

// Enough to begin another file or more.
int fill_files(Journal& journal, int from) {
  const std::uint64_t end = journal.current()->name().sequence + 2;
  int number = from;
  while (journal.current()->name().sequence < end) {
    EXPECT_TRUE(journal.hold(hold_of(number)));
    journal.settle(record_of(hold_of(number), 1));
    ++number;
  }
  return number;
}

TEST(LedgerWriter, AStreamThatStaysOpenDoesNotKeepOldFiles) {
  Rig rig(1024UL * 1024);
  LedgerWriter writer(rig.ledger, *rig.folder, rig.clock, kQuick);
  writer.start();
  Journal journal(*rig.folder, 0, rig.clock);
  ASSERT_TRUE(journal.hold(hold_of(0)));
  ASSERT_TRUE(journal.extend({hold_of(0).request, 1, config::PicoUsd{55}}));
  const std::string first = journal.current()->path();
  int next = fill_files(journal, 1);
  ASSERT_TRUE(writer.flush(10s));
  ASSERT_TRUE(test::wait_for(10s, [&] { return !std::filesystem::exists(first); }));

  // Whoever looks from outside sees it held, once.
  const auto other = JournalFolder::open(rig.place.settings(), 1, 2).value();
  const auto seen = open_attempts(*other);
  ASSERT_EQ(seen.size(), 1U);
  EXPECT_EQ(seen[0].request, hold_of(0).request);
  EXPECT_EQ(seen[0].cost.amount, config::PicoUsd{55});

  // What it is extended to later goes with no file either.
  ASSERT_TRUE(journal.extend({hold_of(0).request, 1, config::PicoUsd{99}}));
  const std::string second = journal.current()->path();
  next = fill_files(journal, next);
  ASSERT_TRUE(writer.flush(10s));
  ASSERT_TRUE(test::wait_for(10s, [&] { return !std::filesystem::exists(second); }));
  ASSERT_EQ(open_attempts(*other).size(), 1U);
  EXPECT_EQ(open_attempts(*other)[0].cost.amount, config::PicoUsd{99});

  // Its record comes, and then nothing speaks of it any more.
  journal.settle(record_of(hold_of(0), 9));
  fill_files(journal, next);
  ASSERT_TRUE(writer.flush(10s));
  EXPECT_TRUE(test::wait_for(10s, [&] {
    for (const auto& segment : rig.folder->segments()) {
      if (segment->name().writer == kLedgersOwn) return false;
    }
    return true;
  }));
  EXPECT_EQ(rig.ledger.records().at({hold_of(0).request.str(), 1}).outcome, Outcome::ok);
}

TEST(LedgerWriter, WhatStayedOpenInAFileThatWentIsInterruptedWhenTheProcessDies) {
  Rig rig(1024UL * 1024);
  {
    LedgerWriter writer(rig.ledger, *rig.folder, rig.clock, kQuick);
    writer.start();
    Journal journal(*rig.folder, 0, rig.clock);
    ASSERT_TRUE(journal.hold(hold_of(0)));
    const std::string first = journal.current()->path();
    fill_files(journal, 1);
    ASSERT_TRUE(test::wait_for(10s, [&] { return !std::filesystem::exists(first); }));
  }
  rig.folder.reset();
  const auto next = JournalFolder::open(rig.place.settings(), 1, 2).value();
  LedgerWriter writer(rig.ledger, *next, rig.clock, kQuick);
  const auto recovered = writer.recover();
  ASSERT_TRUE(recovered);
  EXPECT_EQ(recovered->interrupted, 1U);
  EXPECT_EQ(rig.ledger.records().at({hold_of(0).request.str(), 1}).outcome, Outcome::interrupted);
}

TEST(LedgerWriter, AProcessThatDiesBesideItIsReplayedWithoutARestart) {
  Rig rig;
  auto older = JournalFolder::open(rig.place.settings(), 1, 2).value();
  {
    Journal journal(*older, 0, rig.clock);
    ASSERT_TRUE(journal.hold(hold_of(1)));
  }
  LedgerWriter writer(rig.ledger, *rig.folder, rig.clock,
                      {.batch = 2ms, .longest_pause = 10ms, .look_for_abandoned = 5ms});
  const auto recovered = writer.recover();
  ASSERT_TRUE(recovered);
  EXPECT_EQ(recovered->interrupted, 0U);
  writer.start();
  EXPECT_TRUE(rig.ledger.records().empty());
  older.reset();
  EXPECT_TRUE(test::wait_for(10s, [&] { return rig.ledger.records().size() == 1; }));
}

TEST(LedgerWriter, ALedgerThatIsGoneAtTheEndLeavesAllToTheNextStart) {
  Rig rig;
  {
    LedgerWriter writer(rig.ledger, *rig.folder, rig.clock, kQuick);
    rig.ledger.fail_next(1'000'000);
    writer.start();
    {
      Journal journal(*rig.folder, 0, rig.clock);
      ASSERT_TRUE(journal.hold(hold_of(1)));
      journal.settle(record_of(hold_of(1), 5));
    }
    EXPECT_FALSE(writer.flush(20ms));
    EXPECT_TRUE(test::wait_for(10s, [&] { return writer.counts().failing.load(); }));
    EXPECT_FALSE(writer.stop(20ms));
  }
  rig.folder.reset();
  rig.ledger.fail_next(0);
  const auto next = JournalFolder::open(rig.place.settings(), 1, 2).value();
  LedgerWriter writer(rig.ledger, *next, rig.clock, kQuick);
  ASSERT_TRUE(writer.recover());
  EXPECT_EQ(rig.ledger.sum(), 5);
}

TEST(LedgerWriter, AReplayThatTheLedgerRefusesIsTriedAgain) {
  Rig rig;
  {
    const auto dead = JournalFolder::open(rig.place.settings(), 1, 2).value();
    Journal journal(*dead, 0, rig.clock);
    ASSERT_TRUE(journal.hold(hold_of(1)));
  }
  LedgerWriter writer(rig.ledger, *rig.folder, rig.clock,
                      {.batch = 2ms, .longest_pause = 10ms, .look_for_abandoned = 5ms});
  rig.ledger.fail_next(3);
  EXPECT_FALSE(writer.recover());
  writer.start();
  EXPECT_TRUE(test::wait_for(10s, [&] { return rig.ledger.records().size() == 1; }));
}

TEST(LedgerWriter, AJournalOfAnotherVersionIsKept) {
  Rig rig;
  std::filesystem::path path;
  {
    const auto dead = JournalFolder::open(rig.place.settings(), 1, 2).value();
    path = dead->path();
    const auto segment = dead->new_segment(writer_of(0)).value();
    std::string frame(4, '\0');
    encode(hold_of(1), frame);
    frame[5] = 99;  // its version
    frame.append(4, '\0');
    boost::system::error_code error;
    ASSERT_TRUE(segment->append(frame, error));
  }
  LedgerWriter writer(rig.ledger, *rig.folder, rig.clock, kQuick);
  const auto recovered = writer.recover();
  ASSERT_TRUE(recovered);
  EXPECT_EQ(recovered->not_understood, 1U);
  EXPECT_TRUE(std::filesystem::exists(path));
}

TEST(LedgerWriter, ReadsNoRecordBeforeItsHoldThoughAFileEndsWhileItIsRead) {
  Rig rig(256UL * 1024);
  auto journal = std::make_unique<Journal>(*rig.folder, 0, rig.clock);
  // So many that their records want a second file, which is there before it is written.
  constexpr int kOpen = 60;
  for (int i = 0; i < kOpen; ++i) ASSERT_TRUE(journal->hold(hold_of(i)));
  journal->settle(record_of(hold_of(0), 1));
  ASSERT_GE(rig.folder->segments().size(), 2U);
  rig.ledger.at_first_append = [&] {
    // The first file is just being read, and is not read to what comes now: a hold at its
    // end whose record stands in the second.
    const std::uint64_t first = journal->current()->name().sequence;
    ASSERT_TRUE(journal->hold(hold_of(1'000)));
    ASSERT_EQ(journal->current()->name().sequence, first);
    for (int i = 1; i < kOpen; ++i) journal->settle(record_of(hold_of(i), 1));
    for (int i = 2'000; journal->current()->name().sequence == first; ++i) {
      ASSERT_TRUE(journal->hold(hold_of(i)));
      journal->settle(record_of(hold_of(i), 1));
    }
    journal->settle(record_of(hold_of(1'000), 1));
  };
  LedgerWriter writer(rig.ledger, *rig.folder, rig.clock, {.batch = 2ms, .batch_records = 1});
  writer.start();
  ASSERT_TRUE(writer.flush(10s));
  journal.reset();
  EXPECT_TRUE(writer.stop(10s)) << "something is taken for held";
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

TEST(LedgerWriter, ATaskThatWillNotRunIsDestroyedSoThatNobodyWaitsForIt) {
  Rig rig;
  LedgerWriter writer(rig.ledger, *rig.folder, rig.clock, kQuick);
  writer.start();
  writer.stop(10s);
  auto owned = std::make_shared<int>(1);
  const std::weak_ptr<int> waits_for = owned;
  writer.run([owned = std::move(owned)] {});
  EXPECT_TRUE(waits_for.expired());
}

TEST(NextLook, ComesLaterUnderLoad) {
  using std::chrono::milliseconds;
  EXPECT_EQ(gateway::next_look(milliseconds(50), 0), milliseconds(50));
  EXPECT_EQ(gateway::next_look(milliseconds(50), 99), milliseconds(50));
  EXPECT_EQ(gateway::next_look(milliseconds(50), 100), milliseconds(200));
}

}  // namespace

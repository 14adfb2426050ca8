// A ledger that somebody else keeps locked, as a backup or a report of another program may.

#include <memory>
#include <set>
#include <vector>

#include <gtest/gtest.h>

#include "gateway/ledger/journal.h"
#include "gateway/ledger/ledger_writer.h"
#include "gateway/ledger/sqlite_ledger.h"
#include "gateway/ledger/verify.h"
#include "tests/gateway/ledger/journal_rig.h"
#include "tests/support/shared_clock.h"
#include "tests/support/wait_for.h"

namespace gateway {
namespace {

using namespace std::chrono_literals;
using test::hold_of;

constexpr std::size_t kBytes = 512UL * 1024;
constexpr std::int64_t kCost = 1'000;

TEST(LockedLedger, D10_HeldForHalfAMinuteItIsWaitedForInTheJournalAndNothingIsLostOrDoubled) {
  const test::JournalPlace place;
  const std::string path = place.dir().file("tollgate.db");
  test::SharedClock clock;
  sqlite::WriteOptions options;
  options.busy_timeout = 5ms;
  const auto ledger = *SqliteLedger::open(path, options);
  const auto folder = *JournalFolder::open(place.settings(kBytes), 1, 1);
  LedgerWriter writer(*ledger, *folder, clock, {.batch = 1ms, .longest_pause = 5ms});
  writer.start();
  auto journal = std::make_unique<Journal>(*folder, 0, clock);
  std::set<int> paid;
  const auto pay = [&](int number) {
    if (!journal->hold(hold_of(number))) return false;
    journal->settle(test::record_of(hold_of(number), kCost));
    paid.insert(number);
    return true;
  };

  auto other = *sqlite::open_again(path, options);
  int next = 0;
  std::vector<Hold> streams;
  {
    auto locked = sqlite::Transaction::begin(other, sqlite::Transaction::Kind::immediate);
    ASSERT_TRUE(locked);
    for (int i = 0; i < 50; ++i) {
      streams.push_back(hold_of(1'000'000 + i));
      ASSERT_TRUE(journal->hold(streams.back()));
    }
    // As long as the journal can take them requests go on; then they are refused.
    while (pay(next)) ++next;
    EXPECT_GT(next, 300);
    EXPECT_LE(folder->bytes_used(), kBytes);
    // What was under way is still written down.
    for (const Hold& stream : streams) journal->settle(test::record_of(stream, kCost));
    EXPECT_EQ(journal->counts().failed_writes, 0U);
    ASSERT_TRUE(test::wait_for(10s, [&] { return writer.counts().failures.load() >= 3; }));
    EXPECT_TRUE(writer.counts().failing.load());
    clock.advance(30s);
    EXPECT_GE(writer.lag(), 30s);
    EXPECT_EQ(*other.integer("SELECT count(*) FROM record"), 0);
  }
  // It catches up by itself, and takes requests again.
  ASSERT_TRUE(test::wait_for(20s, [&] {
    clock.advance(1s);  // a refused worker asks the disk again after a moment
    return pay(next);
  }));
  EXPECT_TRUE(writer.flush(20s));
  EXPECT_EQ(writer.lag(), 0ms);
  journal.reset();
  EXPECT_TRUE(writer.stop(20s));
  const auto expected = static_cast<std::int64_t>(paid.size() + streams.size());
  EXPECT_EQ(*other.integer("SELECT count(*) FROM record"), expected);
  EXPECT_EQ(*other.integer("SELECT count(DISTINCT request) FROM record"), expected);
  EXPECT_EQ(ledger->spent({}, {})->value, expected * kCost);
  auto verdict = verify(other);
  ASSERT_TRUE(verdict) << verdict.error().detail;
  EXPECT_TRUE(verdict->sound()) << verdict->findings.front();
}

// A reader that stays keeps the WAL from being emptied, and nobody from writing.
TEST(LockedLedger, D10_AnExternalReaderDelaysNobody) {
  const test::JournalPlace place;
  const std::string path = place.dir().file("tollgate.db");
  config::SystemClock clock;
  sqlite::WriteOptions options;
  options.busy_timeout = 0ms;
  const auto ledger = *SqliteLedger::open(path, options);
  const auto folder = *JournalFolder::open(place.settings(), 1, 1);
  LedgerWriter writer(*ledger, *folder, clock, {.batch = 1ms, .longest_pause = 5ms});
  writer.start();
  auto journal = std::make_unique<Journal>(*folder, 0, clock);
  auto reader = *sqlite::open_for_reading(path, 0ms);
  auto view = sqlite::Transaction::begin(reader, sqlite::Transaction::Kind::read);
  ASSERT_TRUE(view);
  EXPECT_EQ(*reader.integer("SELECT count(*) FROM record"), 0);
  constexpr int kRecords = 2'000;
  for (int i = 0; i < kRecords; ++i) {
    ASSERT_TRUE(journal->hold(hold_of(i)));
    journal->settle(test::record_of(hold_of(i), kCost));
  }
  EXPECT_TRUE(writer.flush(20s));
  EXPECT_EQ(writer.counts().failures.load(), 0U);
  EXPECT_EQ(*reader.integer("SELECT count(*) FROM record"), 0) << "as of one moment";
  EXPECT_TRUE(view->commit());
  EXPECT_EQ(*reader.integer("SELECT count(*) FROM record"), kRecords);
}

}  // namespace
}  // namespace gateway

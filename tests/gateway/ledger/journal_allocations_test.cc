// What a request pays for the journal: no memory is asked for once a worker is warm. Replaces
// the global operator new, which is why this is a program of its own.
#include <gtest/gtest.h>

#include "gateway/ledger/journal.h"
#include "tests/gateway/ledger/journal_rig.h"
#include "tests/support/operator_new.h"

namespace {

using namespace gateway;

TEST(Journal, AsksForNoMemoryOnceItIsWarm) {
  const test::JournalPlace place;
  const config::SystemClock clock;
  const auto folder = JournalFolder::open(place.settings(), 1, 1).value();
  Journal journal(*folder, 0, clock);
  std::vector<Hold> holds;
  std::vector<UsageRecord> records;
  for (int i = 0; i < 100; ++i) {
    holds.push_back(test::hold_of(i));
    records.push_back(test::record_of(holds.back(), i));
  }
  bool good = true;
  const auto go_round = [&] {
    for (const Hold& hold : holds) good = good && journal.hold(hold).has_value();
    const Extend extend{holds[0].request, 1, config::PicoUsd{1}};
    const std::size_t before = test::allocations();
    good = good && journal.extend(extend).has_value();
    EXPECT_EQ(test::allocations(), before);
    for (const UsageRecord& record : records) journal.settle(record);
  };
  for (int i = 0; i < 3; ++i) go_round();
  const std::size_t before = test::allocations();
  for (const Hold& hold : holds) good = good && journal.hold(hold).has_value();
  for (const UsageRecord& record : records) journal.settle(record);
  EXPECT_EQ(test::allocations(), before);
  EXPECT_TRUE(good);
}

}  // namespace

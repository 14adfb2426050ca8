#include "gateway/ledger/retirement.h"

#include <chrono>
#include <vector>

#include <gtest/gtest.h>

#include "gateway/ledger/record_rows.h"
#include "tests/gateway/ledger/sqlite/records.h"

namespace gateway {
namespace {

using std::chrono::hours;
using test::kNoon;

// Rows by the day they say they began on; records are kept for ninety.
class RetirementTest : public testing::Test {
 protected:
  static constexpr int kKept = 90;

  void rows(int count, int day) {
    for (int i = 0; i < count; ++i) row(hours(24) * day + std::chrono::seconds(i));
  }
  void row(hours day) { row(std::chrono::seconds(day)); }
  void row(std::chrono::seconds after, bool correction = false) {
    const auto id = static_cast<std::int64_t>(rows_.size()) + 1;
    rows_.push_back({id, to_micros(kNoon + after), correction});
  }
  static Retirement on(int today, int at_most = 500) {
    const auto now = kNoon + hours(24) * today;
    return {to_micros(now - hours(24) * kKept), to_micros(now), at_most};
  }
  Retirement looked(Retirement retirement) const {
    for (const auto& row : rows_) {
      if (!retirement.add(row)) break;
    }
    return retirement;
  }
  std::size_t gone(int today) const { return looked(on(today)).count(); }
  // In steps, as the ledger has them: none is longer, and together they are the whole.
  std::size_t gone_in_steps(int today) {
    constexpr std::size_t kStep = 500;
    std::size_t sum = 0;
    for (;;) {
      const auto step = looked(on(today, kStep));
      EXPECT_LE(step.count(), kStep);
      sum += step.count();
      rows_.erase(rows_.begin(), rows_.begin() + static_cast<std::ptrdiff_t>(step.count()));
      if (step.count() < kStep) return sum;
    }
  }

  std::vector<Retirement::Row> rows_;
};

TEST_F(RetirementTest, OneDatedInTheFutureGoesWithThoseAroundIt) {
  rows(5, 1);
  rows(1, 800);
  rows(5, 1);
  rows(5, 2);
  const auto retirement = looked(on(92));
  EXPECT_EQ(retirement.count(), 11U);
  EXPECT_EQ(retirement.last(), 11);
  EXPECT_EQ(retirement.through(), rows_[10].started) << "not when the misdated one says";
  const auto day = to_micros(kNoon - hours(12) - std::chrono::minutes(15) + hours(24) * 800);
  EXPECT_EQ(retirement.misdated(), std::set<std::int64_t>{day / 1'000'000});
}

TEST_F(RetirementTest, SoDoesOneWhoseTimeHasComeMeanwhile) {
  rows(5, 1);
  rows(1, 60);
  rows(5, 1);
  EXPECT_EQ(gone(92), 11U);
}

TEST_F(RetirementTest, AnHourOfAWrongClockGoesToo) {
  rows(5, 1);
  rows(3'000, 800);
  rows(5, 1);
  rows(5, 2);
  EXPECT_EQ(gone_in_steps(92), 3'010U);
}

TEST_F(RetirementTest, SoDoesADayOfIt) {
  rows(5, 1);
  rows(20'000, 800);
  rows(1'005, 1);
  EXPECT_EQ(gone_in_steps(95), 21'010U);
}

TEST_F(RetirementTest, WhatIsDatedInTheFutureStaysWhileNothingBehindItIsOld) {
  rows(5, 1);
  rows(2, 800);
  rows(5, 3);
  EXPECT_EQ(gone(92), 5U);
  EXPECT_EQ(gone(94), 12U);
  rows_.clear();
  rows(1, 800);
  EXPECT_EQ(gone(200), 0U) << "the only one";
}

TEST_F(RetirementTest, WhatIsYoungStaysThoughSomethingOldCameIntoTheLedgerLate) {
  rows(5, 1);
  rows(20, 50);
  rows(5, 1);  // the journal of one that died long ago
  EXPECT_EQ(gone(92), 5U);
}

TEST_F(RetirementTest, WhatIsYoungStaysThoughTheClockWasBehindForAMoment) {
  rows(9, 599);
  rows(3, 100);
  rows(100, 599);
  EXPECT_EQ(gone(600), 0U);
  EXPECT_EQ(gone(690), 112U) << "when it is old";
}

TEST_F(RetirementTest, WhatIsYoungStaysThoughTheClockFallsBackAgainAndAgain) {
  for (int i = 0; i < 50; ++i) {
    rows(10, 599);
    rows(1, 100);
  }
  EXPECT_EQ(gone(600), 0U);
}

TEST_F(RetirementTest, ADoubtfulOneGoesOnceMoreOldOnesFollowItThanThereAreDoubtful) {
  rows(2, 60);
  rows(2, 1);
  rows(1, 60);
  rows(1, 1);
  EXPECT_EQ(gone(92), 0U);
  rows(1, 1);
  EXPECT_EQ(gone(92), 7U);
}

TEST_F(RetirementTest, WhatIsYoungStaysThoughAnOldAttemptWasCorrectedLate) {
  rows(1, 50);
  row(hours(24), true);
  rows(1, 50);
  EXPECT_EQ(gone(92), 0U);
}

TEST_F(RetirementTest, AttemptsThatEndedOutOfOrderStayForTheirWholeTime) {
  row(hours(24 * 2));
  row(hours(24 + 2));
  EXPECT_EQ(gone(92), 0U);
  EXPECT_EQ(gone(93), 2U);
}

}  // namespace
}  // namespace gateway

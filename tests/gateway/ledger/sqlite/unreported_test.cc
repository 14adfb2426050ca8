#include "gateway/ledger/unreported.h"

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gateway/ledger/record_rows.h"
#include "gateway/ledger/sqlite/ledger_file.h"
#include "gateway/ledger/sqlite_ledger.h"
#include "tests/gateway/ledger/sqlite/records.h"
#include "tests/support/temp_dir.h"

namespace gateway {
namespace {

using providers::Source;
using std::chrono::minutes;
using test::kNoon;
using testing::ElementsAre;
using testing::IsEmpty;

class UnreportedTest : public testing::Test {
 protected:
  static UsageRecord estimated(int number, config::Clock::Wall started = kNoon) {
    UsageRecord record = test::record(number, started);
    record.cost.source = Source::estimated;
    return record;
  }
  // The numbers of those found.
  std::vector<int> found(Unreported asked) {
    auto reader = sqlite::open_for_reading(path_, {});
    auto page = unreported(*reader, asked);
    EXPECT_TRUE(page) << page.error().detail;
    std::vector<int> out;
    for (const UsageRecord& record : page->attempts) {
      out.push_back(std::stoi(record.request.str()));
    }
    next_ = page->next;
    return out;
  }
  static Unreported from_noon() {
    Unreported asked;
    asked.after = place_of(kNoon);
    asked.until = kNoon + minutes(10);
    return asked;
  }

  test::TempDir folder_;
  std::string path_ = folder_.file("ledger.db");
  std::unique_ptr<SqliteLedger> ledger_ = *SqliteLedger::open(path_, {});
  PlaceInTime next_;
};

TEST_F(UnreportedTest, OnlyWhatNoProviderToldWithAnIdOrWithout) {
  UsageRecord nameless = estimated(3);
  nameless.upstream_id.clear();
  UsageRecord refused = test::record(4);
  refused.upstream_id.clear();
  ASSERT_TRUE(ledger_->append({{test::record(1), estimated(2), nameless, refused}}));
  EXPECT_THAT(found(from_noon()), ElementsAre(2, 3));
  Unreported all = from_noon();
  all.all = true;
  EXPECT_THAT(found(all), ElementsAre(1, 2, 3)) << "nobody can be asked about what was refused";
}

TEST_F(UnreportedTest, ProvidersThatAreLeftOutAreCountedAndNotRead) {
  const auto at = [](int number, const char* provider) {
    UsageRecord record = estimated(number);
    record.provider = config::ProviderName(provider);
    return record;
  };
  ASSERT_TRUE(ledger_->append({{at(1, "mute"), at(2, "frank"), at(3, "mute"), at(4, "gone")}}));
  auto reader = sqlite::open_for_reading(path_, {});
  Unreported asked = from_noon();
  asked.without = {"mute", "never heard of \"it\""};
  EXPECT_THAT(found(asked), ElementsAre(2, 4));
  EXPECT_EQ(*left_out(*reader, asked), 2);
  asked.provider = "frank";
  EXPECT_THAT(found(asked), ElementsAre(2));
  EXPECT_EQ(*left_out(*reader, asked), 0);
  asked.provider = "nobody";
  EXPECT_THAT(found(asked), IsEmpty());
  EXPECT_EQ(*left_out(*reader, from_noon()), 0);
}

TEST_F(UnreportedTest, TheSpanIsHalfOpen) {
  ASSERT_TRUE(ledger_->append({{estimated(1, kNoon - std::chrono::microseconds(1)),
                                estimated(2, kNoon), estimated(3, kNoon + minutes(10))}}));
  EXPECT_THAT(found(from_noon()), ElementsAre(2));
}

TEST_F(UnreportedTest, PagesFollowEachOtherWithoutALossWhereManyBeganAtOnce) {
  std::vector<UsageRecord> records;
  for (int i = 0; i < 25; ++i) records.push_back(estimated(i, kNoon + minutes(i / 10)));
  std::reverse(records.begin(), records.end());
  ASSERT_TRUE(ledger_->append(records));
  std::vector<int> seen;
  Unreported asked = from_noon();
  asked.at_most = 4;
  for (;;) {
    const auto page = found(asked);
    if (page.empty()) break;
    seen.insert(seen.end(), page.begin(), page.end());
    asked.after = next_;
  }
  std::sort(seen.begin(), seen.end());
  ASSERT_EQ(seen.size(), 25U);
  EXPECT_EQ(std::adjacent_find(seen.begin(), seen.end()), seen.end());
}

TEST_F(UnreportedTest, WhatWasCorrectedIsNotAskedForAgain) {
  ASSERT_TRUE(ledger_->append({{estimated(1), estimated(2)}}));
  Correction correction{config::RequestId(test::request_id(1)), 1, config::PicoUsd{5}, {}, {}};
  EXPECT_EQ(*ledger_->correct({{correction}}), 1);
  EXPECT_EQ(*ledger_->correct({{correction}}), 0);
  EXPECT_THAT(found(from_noon()), ElementsAre(2));
  Unreported all = from_noon();
  all.all = true;
  EXPECT_THAT(found(all), testing::UnorderedElementsAre(1, 2)) << "once, as corrected";
}

}  // namespace
}  // namespace gateway

#include "gateway/ledger/drift_watch.h"

#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/fake_clock.h"

namespace gateway {
namespace {

using config::PicoUsd;
using providers::Source;

constexpr std::int64_t kCent = 10'000'000'000;

class DriftWatchTest : public testing::Test {
 protected:
  // An attempt that our prices put at a cent, and its provider at `reported`.
  static UsageRecord attempt(std::int64_t reported, std::string model = "flash") {
    UsageRecord record;
    record.provider = config::ProviderName("acme");
    record.model = config::ModelName(std::move(model));
    record.usage.prompt = 1'000;
    record.usage.completion = 100;
    record.usage.tokens = Source::reported;
    record.usage.reported_cost = PicoUsd{reported};
    record.priced = PicoUsd{kCent};
    record.cost = {record.usage.reported_cost, Source::reported};
    return record;
  }
  void saw(int times, const UsageRecord& record) {
    for (int i = 0; i < times; ++i) watch_.saw(record);
  }

  test::FakeClock clock_;
  std::vector<Drift> told_;
  DriftWatch watch_{clock_, [this](const Drift& drift) { told_.push_back(drift); }};
};

TEST_F(DriftWatchTest, G21_PricesThatAreThreePercentOffAreNamedOnce) {
  saw(DriftWatch::kFewest - 1, attempt(kCent * 103 / 100));
  EXPECT_TRUE(told_.empty()) << "too few to say";
  saw(100, attempt(kCent * 103 / 100));
  ASSERT_EQ(told_.size(), 1U);
  EXPECT_EQ(told_[0].provider, "acme");
  EXPECT_EQ(told_[0].model, "flash");
  EXPECT_FALSE(told_[0].reported_zero);
  EXPECT_EQ(to_usd(told_[0].priced), "0.1");
  EXPECT_EQ(to_usd(told_[0].reported), "0.103");
}

TEST_F(DriftWatchTest, PricesThatAreTooHighAreNamedToo) {
  saw(20, attempt(kCent / 2));
  EXPECT_EQ(told_.size(), 1U);
}

TEST_F(DriftWatchTest, OnePercentIsNoDrift) {
  saw(1'000, attempt(kCent * 101 / 100));
  EXPECT_TRUE(told_.empty());
}

TEST_F(DriftWatchTest, TinyAmountsSayNothing) {
  UsageRecord tiny = attempt(2'000'000);
  tiny.priced = PicoUsd{1'000'000};
  saw(100, tiny);
  EXPECT_TRUE(told_.empty());
}

TEST_F(DriftWatchTest, EachModelIsNamedByItselfAndAgainInTheNextSpan) {
  saw(20, attempt(kCent * 2));
  saw(20, attempt(kCent * 2, "core"));
  EXPECT_EQ(told_.size(), 2U);
  clock_.advance(DriftWatch::kSpan);
  saw(20, attempt(kCent * 2));
  EXPECT_EQ(told_.size(), 3U);
  clock_.advance(DriftWatch::kSpan);
  saw(DriftWatch::kFewest - 1, attempt(kCent * 2));
  EXPECT_EQ(told_.size(), 3U) << "what was before the span does not count in it";
}

TEST_F(DriftWatchTest, AReportedZeroForPaidTokensIsToldOnceASpan) {
  UsageRecord zero = attempt(0);
  zero.cost = {zero.priced, Source::priced};
  saw(50, zero);
  ASSERT_EQ(told_.size(), 1U);
  EXPECT_TRUE(told_[0].reported_zero);
  EXPECT_EQ(told_[0].attempts, 0) << "it is no price to compare with";
}

TEST_F(DriftWatchTest, ReceiptsAreWatchedBesideAnswersAndNamedAsWhatTheyAre) {
  saw(100, attempt(kCent));
  const TwoOpinions dearer{PicoUsd{kCent}, PicoUsd{kCent * 105 / 100}};
  for (int i = 0; i < 100; ++i) watch_.saw_receipt(attempt(kCent), dearer);
  ASSERT_EQ(told_.size(), 1U);
  EXPECT_EQ(told_[0].by, ToldBy::receipt);
  EXPECT_EQ(told_[0].model, "flash");
  EXPECT_EQ(told_[0].attempts, DriftWatch::kFewest);
  EXPECT_EQ(to_usd(told_[0].reported), "0.105") << "answers that agree do not hide it";
}

TEST_F(DriftWatchTest, WhatIsEstimatedSuspectOrUnknownIsNotCompared) {
  UsageRecord estimated = attempt(kCent * 2);
  estimated.usage.tokens = Source::estimated;
  UsageRecord suspect = attempt(kCent * 2);
  suspect.usage.suspect = true;
  UsageRecord unpriced = attempt(kCent * 2);
  unpriced.priced.reset();
  UsageRecord silent = attempt(kCent * 2);
  silent.usage.reported_cost.reset();
  for (const UsageRecord& record : {estimated, suspect, unpriced, silent}) saw(50, record);
  EXPECT_TRUE(told_.empty());
}

struct Refusing final : Ledger {
  config::Result<ThereAlready> append(std::span<const UsageRecord>) override {
    if (refuses) return config::failure(config::ErrorCode::overloaded, "no");
    return ThereAlready();
  }
  config::Result<PicoUsd> spent(const AccountId&, config::Clock::Wall) override {
    return PicoUsd{7};
  }
  bool refuses = true;
};

TEST_F(DriftWatchTest, WhatTheLedgerDidNotTakeIsSeenWhenItDoes) {
  Refusing ledger;
  WatchedLedger watched(ledger, watch_);
  const std::vector<UsageRecord> batch(20, attempt(kCent * 2));
  EXPECT_FALSE(watched.append(batch));
  EXPECT_TRUE(told_.empty());
  ledger.refuses = false;
  EXPECT_TRUE(watched.append(batch));
  EXPECT_EQ(told_.size(), 1U);
  EXPECT_EQ(*watched.spent({}, {}), PicoUsd{7});
}

}  // namespace
}  // namespace gateway

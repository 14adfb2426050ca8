#include <chrono>
#include <random>
#include <span>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gateway/ledger/sqlite/migrations.h"
#include "gateway/ledger/usage_text.h"
#include "gateway/ledger/verify.h"
#include "tests/gateway/ledger/sqlite/open_ledger.h"
#include "tests/gateway/ledger/sqlite/records.h"

namespace gateway {
namespace {

using config::Clock;
using config::PicoUsd;
using std::chrono::hours;
using std::chrono::minutes;
using test::kNoon;
using test::record;
using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;

class PackingTest : public test::OpenLedger {
 protected:
  int pack_all(Clock::Wall before, int at_most) {
    int all = 0;
    for (int packed = at_most; packed >= at_most;) {
      auto done = ledger_->pack(before, at_most);
      if (!done) {
        ADD_FAILURE() << done.error().detail;
        break;
      }
      EXPECT_LE(*done, at_most);
      all += packed = *done;
    }
    return all;
  }
  std::int64_t rows() { return *ledger_->database().integer("SELECT count(*) FROM rollup"); }
  Verdict verdict() {
    auto reader = sqlite::open_for_reading(path_, {});
    auto out = verify(*reader);
    EXPECT_TRUE(out) << out.error().detail;
    return *std::move(out);
  }
  // Of every kind, as text.
  std::vector<std::string> reports() {
    std::vector<std::string> out;
    for (const char* by : {"", "key,model", "tag,key"}) {
      for (const char* step : {"hour", "day"}) {
        for (const char* zone : {"UTC", "America/St_Johns"}) {
          for (const char* filter : {"", "team:a", "tag:project=x"}) {
            std::vector<Parameter> parameters{{"by", by},
                                              {"step", step},
                                              {"zone", zone},
                                              {"since", "2025-06-01"},
                                              {"until", "2025-06-20"},
                                              {"compare", "previous"}};
            if (*filter != '\0') parameters.emplace_back("filter", filter);
            auto answer = usage_answer(path_, parameters, kNoon, "UTC", std::nullopt);
            out.push_back(answer ? answer->body : answer.error().detail);
          }
        }
      }
    }
    return out;
  }
  static std::vector<UsageRecord> month(int count) {
    std::mt19937_64 random(7);
    std::vector<UsageRecord> out;
    for (int i = 0; i < count; ++i) {
      const auto before = std::chrono::seconds(random() % (40UL * 86'400));
      UsageRecord one = record(i, kNoon - before);
      one.team = config::TeamName(random() % 2 == 0 ? "a" : "b");
      one.key = config::KeyName(std::to_string(random() % 5));
      one.cost.amount = PicoUsd{static_cast<std::int64_t>(random() % 1'000'000'000'000)};
      if (random() % 3 == 0) one.tags = {{"project", "x"}, {"customer", "y"}};
      out.push_back(one);
    }
    return out;
  }
};

TEST_F(PackingTest, ReportsAreTheSameAndWhatComesLaterAddsUp) {
  const auto records = month(800);
  append(records);
  const auto before = reports();
  const auto all = rows();
  EXPECT_EQ(pack_all(kNoon - hours(24), 37), all - rows());
  EXPECT_LT(rows(), all / 10);
  EXPECT_EQ(reports(), before);
  EXPECT_THAT(verdict().findings, IsEmpty());

  // Receipts for what is packed, and an attempt that took its time.
  std::vector<Correction> receipts;
  for (const UsageRecord& one : std::span(records).first(200)) {
    receipts.push_back({one.request, 1, PicoUsd{7}, std::nullopt});
  }
  ASSERT_EQ(*ledger_->correct(receipts), 200);
  append({record(5000, kNoon - hours(24 * 20))});
  EXPECT_THAT(verdict().findings, IsEmpty());
  const auto corrected = reports();
  EXPECT_NE(corrected, before);
  EXPECT_GT(pack_all(kNoon - hours(24), 1000), 0);
  EXPECT_EQ(reports(), corrected);
  EXPECT_EQ(pack_all(kNoon - hours(24), 1000), 0);
  reopen();
  EXPECT_EQ(reports(), corrected);
  EXPECT_THAT(verdict().findings, IsEmpty());
}

TEST_F(PackingTest, OnlySlotsThatAreOverArePacked) {
  append({record(1)});  // a quarter past noon
  EXPECT_EQ(pack_all(kNoon + minutes(14), 100), 0);
  EXPECT_EQ(pack_all(kNoon + minutes(15), 100), 1);
  EXPECT_EQ(pack_all(kNoon + minutes(45), 100), 1);
  EXPECT_EQ(pack_all(kNoon + hours(11), 100), 0);
  EXPECT_EQ(pack_all(kNoon + hours(12), 100), 1);
  EXPECT_EQ(rows(), 0);
}

TEST_F(PackingTest, SumsOutliveTheirRecords) {
  append(month(300));
  const auto before = reports();
  pack_all(kNoon + hours(48), 1000);
  EXPECT_EQ(*ledger_->retire(kNoon + hours(48), kNoon + hours(24) * 30, 1000), 300);
  EXPECT_EQ(verdict().removed, 300);
  EXPECT_THAT(verdict().findings, IsEmpty());
  EXPECT_EQ(reports(), before);
}

TEST_F(PackingTest, AChangedPackedSumIsFound) {
  append(month(300));
  pack_all(kNoon + hours(48), 1000);
  auto& database = ledger_->database();
  const auto id = *database.integer("SELECT min(id) FROM packed_rollup WHERE span = 900");
  auto select = database.prepare(fmt::format("SELECT sums FROM packed_rollup WHERE id = {}", id));
  ASSERT_TRUE(*select->step());
  const std::string whole(select->blob(0));
  select->reset();
  auto write = database.prepare("UPDATE packed_rollup SET sums = ?1 WHERE id = ?2");
  for (std::size_t at = 0; at < whole.size(); ++at) {
    std::string changed = whole;
    changed[at] ^= 1;
    ASSERT_TRUE(write->with(sqlite::Blob{changed}, id).run());
    auto reader = sqlite::open_for_reading(path_, {});
    const auto out = verify(*reader);
    EXPECT_TRUE(!out || !out->sound()) << "byte " << at;
  }
  ASSERT_TRUE(write->with(sqlite::Blob{whole.substr(0, whole.size() - 1)}, id).run());
  EXPECT_THAT(verdict().findings, Contains(HasSubstr("the packed sums for 900 s")));
}

TEST_F(PackingTest, ALedgerOfTheVersionBeforeIsBroughtUpAndPackedLater) {
  const auto records = month(300);
  append(records);
  const auto before = reports();
  // As it was: the rows are the same, and there is nothing to pack them into.
  ASSERT_TRUE(ledger_->database().run("DROP TABLE packed_rollup; PRAGMA user_version = 2;"));
  ASSERT_EQ(std::string(sqlite::migrations()[2].name), "0003_packed_sums");
  reopen();
  EXPECT_EQ(*ledger_->database().integer("PRAGMA user_version"),
            static_cast<std::int64_t>(sqlite::migrations().size()));
  EXPECT_EQ(reports(), before);
  EXPECT_THAT(verdict().findings, IsEmpty());
  EXPECT_GT(pack_all(kNoon + hours(48), 100), 0);
  EXPECT_EQ(reports(), before);
  EXPECT_THAT(verdict().findings, IsEmpty());
}

}  // namespace
}  // namespace gateway

#include "gateway/ledger/verify.h"

#include <chrono>
#include <fstream>
#include <sqlite3.h>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gateway/ledger/export.h"
#include "gateway/ledger/sqlite_ledger.h"
#include "tests/gateway/ledger/sqlite/open_ledger.h"
#include "tests/gateway/ledger/sqlite/records.h"
#include "tests/support/temp_dir.h"

namespace gateway {
namespace {

using std::chrono::hours;
using test::kNoon;
using test::record;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class VerifyTest : public testing::Test {
 protected:
  void SetUp() override { make("tollgate.db"); }
  void make(const std::string& name) {
    ledger_.reset();
    path_ = folder_.file(name);
    auto opened = SqliteLedger::open(path_, {});
    ASSERT_TRUE(opened) << opened.error().message;
    ledger_ = *std::move(opened);
    for (int i = 0; i < 60; ++i) {
      UsageRecord one = record(i, kNoon + i * hours(3));
      if (i % 3 == 0) one.tags = {{"project", "x"}};
      ASSERT_TRUE(ledger_->append({{one}}));
    }
    const Correction receipt{config::RequestId(test::request_id(5)), 1, config::PicoUsd{7},
                             std::nullopt};
    ASSERT_EQ(*ledger_->correct({{receipt}}), 1);
  }
  void tamper(const std::string& sql) {
    ASSERT_TRUE(ledger_->database().run("PRAGMA foreign_keys = OFF"));
    auto done = ledger_->database().run(sql);
    ASSERT_TRUE(done) << done.error().detail;
  }
  Verdict verdict() { return test::verdict_of(path_); }

  test::TempDir folder_;
  std::string path_;
  std::unique_ptr<SqliteLedger> ledger_;
};

TEST_F(VerifyTest, ASoundLedgerIsSound) {
  const Verdict good = verdict();
  EXPECT_THAT(good.findings, IsEmpty());
  EXPECT_TRUE(good.sound());
  EXPECT_EQ(good.records, 61);
  EXPECT_GT(good.sums, 300);
}

TEST_F(VerifyTest, ACorrectionOfARequestWhoseIdIsTextIsSound) {
  UsageRecord one = record(100);
  one.request = config::RequestId("a name of somebody else's, longer than any small string");
  ASSERT_TRUE(ledger_->append({{one}}));
  const Correction receipt{one.request, 1, config::PicoUsd{7}, std::nullopt};
  ASSERT_EQ(*ledger_->correct({{receipt}}), 1);
  const Verdict good = verdict();
  EXPECT_THAT(good.findings, IsEmpty());
  EXPECT_EQ(good.records, 63);
}

TEST_F(VerifyTest, AChangedRecordIsNamed) {
  for (const char* change :
       {"cost = cost + 1", "duration = 0", "request = 'x'", "error = 1", "upstream_id = ''",
        "hash = zeroblob(32)", "outcome = 4", "streamed = 0", "first_content = NULL",
        "reported_cost_text = '1.0'", "revision = 1"}) {
    make(std::string(change) + ".db");
    tamper(std::string("UPDATE record SET ") + change + " WHERE id = 20");
    const Verdict bad = verdict();
    EXPECT_FALSE(bad.sound()) << change;
    EXPECT_THAT(bad.findings,
                testing::Contains(testing::AnyOf(HasSubstr("record 20 "), HasSubstr("record 21 "))))
        << change;
  }
}

TEST_F(VerifyTest, AMissingRecordIsNamed) {
  tamper("DELETE FROM record WHERE id = 20");
  const Verdict bad = verdict();
  EXPECT_THAT(bad.findings, testing::Contains("record 20 is missing"));
  EXPECT_THAT(bad.findings, testing::Contains(HasSubstr("is not that of its records")));
}

TEST_F(VerifyTest, RecordsMissingAtTheEndAreMissed) {
  tamper("DELETE FROM record WHERE id > 59");
  EXPECT_THAT(verdict().findings,
              testing::Contains("the chain ends with record 59, and should end with record 61"));
}

TEST_F(VerifyTest, AChangedSumIsNamed) {
  tamper(
      "UPDATE rollup SET reported_pico = reported_pico + 1 WHERE span = 900 AND tagged = 0"
      " AND slot = (SELECT min(slot) FROM rollup WHERE span = 900)");
  const Verdict bad = verdict();
  EXPECT_THAT(bad.findings,
              testing::Contains(HasSubstr("for 900 s from 2025-06-15T12:15:00+00:00 is not that")));
  EXPECT_THAT(bad.findings, testing::Contains(HasSubstr("is not that of its parts")));
}

TEST_F(VerifyTest, AMissingSumIsNamed) {
  tamper("DELETE FROM rollup WHERE span = 86400 AND tagged = 1");
  EXPECT_FALSE(verdict().sound());
}

TEST_F(VerifyTest, AnIndexThatLacksARecordIsFound) {
  for (const char* index : {"record_started", "sqlite_autoindex_record_1"}) {
    make(std::string(index) + ".db");
    // Into an index that SQLite is told lies elsewhere, the record does not get.
    tamper("CREATE TABLE elsewhere (a, b, c, PRIMARY KEY (a, b, c))");
    const auto place = [&](const char* name) {
      return *ledger_->database().integer(
          std::string("SELECT rootpage FROM sqlite_schema WHERE name = '") + name + "'");
    };
    const auto there = place(index);
    const auto elsewhere = place("sqlite_autoindex_elsewhere_1");
    const auto point_to = [&](std::int64_t page) {
      sqlite3_db_config(ledger_->database().handle(), SQLITE_DBCONFIG_DEFENSIVE, 0, nullptr);
      tamper("PRAGMA writable_schema = ON");
      tamper("UPDATE sqlite_schema SET rootpage = " + std::to_string(page) + " WHERE name = '" +
             index + "'");
      tamper("PRAGMA writable_schema = RESET");
    };
    point_to(elsewhere);
    ASSERT_TRUE(ledger_->append({{record(1000, kNoon)}}));
    point_to(there);
    tamper("DROP TABLE elsewhere");
    EXPECT_THAT(verdict().findings, testing::Contains(HasSubstr("the index of records by ")))
        << index;
  }
}

TEST_F(VerifyTest, AnAccountChangedAllTheWayUpIsFoundByItsRecords) {
  tamper(
      "UPDATE account_sum SET usd = usd + 1 WHERE kind = 2 AND slot / 86400 = (SELECT"
      " max(slot) / 86400 FROM account_sum WHERE span = 900) AND slot = (SELECT max(a.slot)"
      " FROM account_sum a WHERE a.span = account_sum.span AND a.kind = 2)");
  EXPECT_THAT(verdict().findings,
              testing::ElementsAre("the sums of account 'ada' are not those of its records"));
}

TEST_F(VerifyTest, AChangedAccountIsNamed) {
  tamper("UPDATE account_sum SET usd = usd - 1 WHERE kind = 2 AND span = 86400");
  EXPECT_THAT(verdict().findings, testing::Contains(HasSubstr("account 'ada'")));
}

TEST_F(VerifyTest, ARenamedKeyIsNoticed) {
  tamper("UPDATE name SET text = 'eve' WHERE text = 'ada'");
  EXPECT_EQ(verdict().faults, 61);
  EXPECT_EQ(verdict().findings.size(), 20U);
}

TEST_F(VerifyTest, WhatRetentionLeavesIsSoundAndStillGuarded) {
  ASSERT_EQ(*ledger_->retire(kNoon + hours(3) * 30, kNoon + hours(24) * 30, 1000), 30);
  const Verdict good = verdict();
  EXPECT_THAT(good.findings, IsEmpty());
  EXPECT_EQ(good.removed, 30);
  EXPECT_EQ(good.records, 31);
  tamper(
      "UPDATE rollup SET attempts = 9 WHERE span = 86400 AND slot ="
      " (SELECT min(slot) FROM rollup WHERE span = 86400)");
  EXPECT_THAT(verdict().findings, testing::Contains(HasSubstr("is not that of its parts")));
}

// Of a clock that was two years ahead for a moment.
TEST_F(VerifyTest, AMisdatedRecordGoesWithThoseAroundItAndWhatStaysIsGuarded) {
  const auto ahead = kNoon + hours(24) * 730;
  ledger_.reset();
  path_ = folder_.file("misdated.db");
  ledger_ = *SqliteLedger::open(path_, {});
  for (int i = 0; i < 20; ++i) {
    ASSERT_TRUE(ledger_->append({{record(i, i == 10 ? ahead : kNoon + i * hours(24))}}));
  }
  ASSERT_EQ(*ledger_->retire(kNoon + hours(24) * 15, kNoon + hours(24) * 40, 1000), 15);
  ledger_.reset();
  ledger_ = *SqliteLedger::open(path_, {});
  const Verdict good = verdict();
  EXPECT_THAT(good.findings, IsEmpty());
  EXPECT_EQ(good.records, 5);
  // Between what is gone and what was misdated, sums are still compared with their records.
  tamper(
      "UPDATE rollup SET attempts = 9 WHERE slot / 86400 = (SELECT max(started) FROM record)"
      " / 86400000000");
  EXPECT_THAT(verdict().findings, testing::Contains(HasSubstr("is not that of its records")));
}

TEST_F(VerifyTest, AListOfMisdatedDaysThatIsNoneIsNamed) {
  for (const char* list : {"x", "86400 x 172800", "86400x", "172800 86400", "-"}) {
    tamper(std::string("INSERT OR REPLACE INTO meta VALUES ('misdated', '") + list + "')");
    auto reader = sqlite::open_for_reading(path_, {});
    ASSERT_TRUE(reader);
    const auto out = verify(*reader);
    ASSERT_FALSE(out) << list;
    EXPECT_EQ(out.error().message, "The ledger is damaged.");
    EXPECT_THAT(out.error().detail, HasSubstr(std::string("misdated records is no list of numbers "
                                                          "in their order: `") +
                                              list + "`"));
  }
}

TEST_F(VerifyTest, AFlippedByteInTheFileIsFound) {
  ASSERT_TRUE(ledger_->database().run("PRAGMA wal_checkpoint(TRUNCATE)"));
  ledger_.reset();
  std::string bytes;
  {
    std::ifstream in(path_, std::ios::binary);
    bytes.assign(std::istreambuf_iterator<char>(in), {});
  }
  // Where the text of a record stands.
  const std::size_t at = bytes.find("gen-33");
  ASSERT_NE(at, std::string::npos);
  bytes[at + 2] ^= 1;
  std::ofstream(path_, std::ios::binary) << bytes;
  EXPECT_THAT(verdict().findings,
              ElementsAre(HasSubstr("record 34 (request 00000000000000000000000000000033, attempt "
                                    "1) is not as it was written")));
}

TEST_F(VerifyTest, EveryRowIsExported) {
  auto reader = sqlite::open_for_reading(path_, {});
  for (const ExportFormat format : {ExportFormat::csv, ExportFormat::json}) {
    std::vector<std::string> lines;
    ASSERT_TRUE(
        export_records(*reader, format, [&](std::string_view line) { lines.emplace_back(line); }));
    ASSERT_EQ(lines.size(), format == ExportFormat::csv ? 62U : 61U);
    EXPECT_THAT(lines.back(), HasSubstr("00000000000000000000000000000005"));
    EXPECT_THAT(lines.back(), HasSubstr("0.000000000007"));
  }
}

}  // namespace
}  // namespace gateway

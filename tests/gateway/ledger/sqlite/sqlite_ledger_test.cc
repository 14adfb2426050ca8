#include "gateway/ledger/sqlite_ledger.h"

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <limits>
#include <sqlite3.h>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gateway/ledger/chain.h"
#include "gateway/ledger/ledger_reader.h"
#include "tests/gateway/ledger/sqlite/open_ledger.h"
#include "tests/gateway/ledger/sqlite/records.h"

namespace gateway {
namespace {

using config::PicoUsd;
using std::chrono::hours;
using std::chrono::minutes;
using test::kNoon;
using test::record;
using testing::HasSubstr;

constexpr std::int64_t kUsd = 1'000'000'000'000;

class SqliteLedgerTest : public test::OpenLedger {
 protected:
  SqliteLedgerTest() { options_.busy_timeout = std::chrono::milliseconds(0); }
  std::int64_t rows() { return *ledger_->database().integer("SELECT count(*) FROM record"); }
  PicoUsd spent(AccountId account, config::Clock::Wall since = {}) {
    auto sum = ledger_->spent(account, since);
    if (!sum) ADD_FAILURE() << sum.error().detail;
    return sum ? *sum : PicoUsd{-1};
  }
  std::vector<RecordRow> all() {
    std::vector<RecordRow> out;
    auto names = Names::open(ledger_->database());
    auto select = prepare_select(ledger_->database(), "ORDER BY r.id");
    while (*select->step()) out.push_back(*read_row(*select, *names));
    return out;
  }
};

TEST_F(SqliteLedgerTest, ARecordComesBackWhole) {
  UsageRecord full = record(7);
  full.attempt = 3;
  full.operation = providers::Operation::embeddings;
  full.outcome = Outcome::client_left;
  full.maybe_billed = true;
  full.error = config::ErrorCode::upstream_timeout;
  full.usage.cached_write = 1;
  full.usage.audio_input = 2;
  full.usage.image_input = 3;
  full.usage.reasoning = 4;
  full.usage.audio_output = 5;
  full.usage.price_variant = "high";
  full.usage.suspect = true;
  full.overrun = true;
  full.client_gone = config::OnClientGone::drain;
  full.tags = {{"project", "a=b\n%"}, {"", ""}};
  UsageRecord bare;
  bare.request = config::RequestId("not-one-of-ours");
  append({full, bare});

  const auto rows = all();
  ASSERT_EQ(rows.size(), 2U);
  for (const LinkForm form : {LinkForm::wide, LinkForm::compact}) {
    std::string before;
    std::string after;
    append_canonical(before, full, 0, form);
    append_canonical(after, rows[0].record, 0, form);
    EXPECT_EQ(before, after);
  }
  EXPECT_EQ(rows[0].record.tags, full.tags);
  EXPECT_EQ(rows[0].record.error, full.error);
  EXPECT_EQ(rows[1].record.request.str(), "not-one-of-ours");
  EXPECT_EQ(rows[1].record.usage.prompt, std::nullopt);
  EXPECT_EQ(rows[1].record.cost.amount, std::nullopt);
}

TEST_F(SqliteLedgerTest, G15_ASettleDeliveredTwiceIsOneRow) {
  UsageRecord second_attempt = record(1);
  second_attempt.attempt = 2;
  append({record(1), record(1), second_attempt});
  UsageRecord dearer = record(1);
  dearer.cost.amount = PicoUsd{5 * kUsd};
  append({dearer});
  reopen();
  append({record(1)});
  EXPECT_EQ(rows(), 2);
  EXPECT_EQ(spent({}), PicoUsd{2 * kUsd});
}

TEST_F(SqliteLedgerTest, SpentIsWhatAnAccountsRecordsBeganAfterAMomentCost) {
  UsageRecord other = record(2, kNoon + minutes(1));
  other.key = config::KeyName("bob");
  UsageRecord elsewhere = record(3, kNoon + hours(30));
  elsewhere.team = config::TeamName("support");
  UsageRecord unknown = record(4);
  unknown.cost = {};
  append({record(1), other, elsewhere, unknown});

  EXPECT_EQ(spent({}), PicoUsd{3 * kUsd});
  EXPECT_EQ(spent({AccountKind::key, "ada"}), PicoUsd{2 * kUsd});
  EXPECT_EQ(spent({AccountKind::key, "bob"}), PicoUsd{kUsd});
  EXPECT_EQ(spent({AccountKind::team, "research"}), PicoUsd{2 * kUsd});
  EXPECT_EQ(spent({AccountKind::team, "nobody"}), PicoUsd{0});
  // A key's name is no team's.
  EXPECT_EQ(spent({AccountKind::team, "ada"}), PicoUsd{0});
  // Half-open, to the microsecond, whatever the slots.
  EXPECT_EQ(spent({}, kNoon), PicoUsd{3 * kUsd});
  EXPECT_EQ(spent({}, kNoon + std::chrono::microseconds(1)), PicoUsd{2 * kUsd});
  EXPECT_EQ(spent({}, kNoon + minutes(1)), PicoUsd{2 * kUsd});
  EXPECT_EQ(spent({}, kNoon + minutes(2)), PicoUsd{kUsd});
  EXPECT_EQ(spent({AccountKind::key, "ada"}, kNoon + minutes(2)), PicoUsd{kUsd});
  EXPECT_EQ(spent({}, kNoon + hours(30) + minutes(1)), PicoUsd{0});
  EXPECT_EQ(spent({}, config::Clock::Wall::min()), PicoUsd{3 * kUsd});
}

TEST_F(SqliteLedgerTest, SumsPassSixtyFourBitsAndStayExact) {
  UsageRecord dear = record(0);
  dear.cost.amount = PicoUsd{std::numeric_limits<std::int64_t>::max()};
  for (int i = 1; i <= 3; ++i) {
    dear.request = config::RequestId(test::request_id(i));
    append({dear});
  }
  EXPECT_FALSE(ledger_->spent({}, {}));
  auto select = ledger_->database().prepare("SELECT usd, pico FROM account_sum LIMIT 1");
  ASSERT_TRUE(*select->step());
  EXPECT_EQ(to_usd(joined(select->integer(0), select->integer(1))), "27670116.110564327421");
}

TEST_F(SqliteLedgerTest, G18_EveryPriceAddsUpToTheUnit) {
  std::vector<UsageRecord> records;
  MoneySum expected = 0;
  int number = 0;
  for (const char* price : {"0", "0.0375", "15", "600"}) {
    for (int i = 0; i < 100; ++i) {
      UsageRecord one = record(++number);
      const auto cost = config::checked_cost(7 * i + 1, *config::usd_per_million(price));
      one.cost = {cost, providers::Source::priced};
      expected += cost->value;
      records.push_back(one);
    }
  }
  append(records);
  EXPECT_EQ(spent({}).value, static_cast<std::int64_t>(expected));
  EXPECT_EQ(*ledger_->database().integer("SELECT sum(reported_usd + reported_pico) FROM rollup"),
            0);
}

TEST_F(SqliteLedgerTest, G22_AFreeAttemptWithoutTokensIsARow) {
  UsageRecord free = record(1);
  free.usage = {};
  free.cost = {PicoUsd{0}, providers::Source::reported};
  append({free});
  EXPECT_EQ(rows(), 1);
  EXPECT_EQ(*ledger_->database().integer("SELECT sum(attempts) FROM rollup WHERE span = 900"), 1);
  EXPECT_EQ(*ledger_->database().integer("SELECT sum(unknown_costs) FROM rollup"), 0);
}

TEST_F(SqliteLedgerTest, G20_CountsNoMeterGivesAddNothingToTheSums) {
  UsageRecord odd = record(1);
  odd.usage.prompt = std::numeric_limits<std::int64_t>::max();
  append({odd, record(2)});
  EXPECT_EQ(all()[0].record.usage.prompt, odd.usage.prompt);
  EXPECT_EQ(*ledger_->database().integer("SELECT sum(prompt) FROM rollup WHERE span = 900"), 60);
}

TEST_F(SqliteLedgerTest, ACorrectionIsAFurtherRowAndMendsTheSums) {
  UsageRecord guessed = record(1);
  guessed.cost = {PicoUsd{3 * kUsd}, providers::Source::estimated};
  append({guessed, record(2)});
  Correction receipt{guessed.request, 1, PicoUsd{2 * kUsd}, std::nullopt};
  EXPECT_EQ(*ledger_->correct({{receipt}}), 1);
  EXPECT_EQ(*ledger_->correct({{receipt}}), 0);  // nothing new in it
  receipt.request = config::RequestId("never-heard-of");
  EXPECT_EQ(*ledger_->correct({{receipt}}), 0);

  EXPECT_EQ(rows(), 3);
  EXPECT_EQ(all()[0].record.cost.amount, PicoUsd{3 * kUsd});  // as it was
  EXPECT_EQ(spent({}), PicoUsd{3 * kUsd});
  EXPECT_EQ(spent({}, kNoon - minutes(1)), PicoUsd{3 * kUsd});  // from the records
  EXPECT_EQ(*ledger_->database().integer("SELECT sum(estimated_usd) FROM rollup"), 0);
  EXPECT_EQ(*ledger_->database().integer("SELECT sum(attempts) FROM rollup WHERE span = 900"), 2);
}

TEST_F(SqliteLedgerTest, OldRecordsGoAndTheirSumsStay) {
  std::vector<UsageRecord> records;
  for (int i = 0; i < 10; ++i) records.push_back(record(i, kNoon + i * hours(24)));
  append(records);
  const auto before = kNoon + hours(24) * 5;
  EXPECT_EQ(*ledger_->retire(before, before + hours(24) * 30, 3), 3);
  EXPECT_EQ(*ledger_->retire(before, before + hours(24) * 30, 3), 2);
  EXPECT_EQ(*ledger_->retire(before, before + hours(24) * 30, 3), 0);
  EXPECT_EQ(rows(), 5);
  EXPECT_EQ(spent({}), PicoUsd{10 * kUsd});
  // Within what is gone, a moment counts as the beginning of its quarter of an hour.
  EXPECT_EQ(spent({}, kNoon + hours(24) + minutes(1)), PicoUsd{9 * kUsd});
  reopen();
  append({record(100, kNoon + hours(24) * 20)});
  EXPECT_EQ(*ledger_->retire(kNoon + hours(24) * 100, kNoon + hours(24) * 130, 100), 6);
  reopen();
  append({record(101)});
  EXPECT_EQ(all()[0].id, 12);
}

TEST_F(SqliteLedgerTest, ItsNewestRowStaysTheNewestWhenRetentionHasTakenAll) {
  auto reader = LedgerReader::open(path_, options_.busy_timeout);
  ASSERT_TRUE(reader);
  EXPECT_EQ(*(*reader)->newest_row(), 0);
  append({record(1), record(2)});
  EXPECT_EQ(*(*reader)->newest_row(), 2);
  ASSERT_EQ(*ledger_->retire(kNoon + hours(24) * 100, kNoon + hours(24) * 130, 100), 2);
  EXPECT_EQ(*(*reader)->newest_row(), 2) << "who is told of it late knows that it was there";
  EXPECT_EQ(ledger_->newest_row(), 2);
}

TEST_F(SqliteLedgerTest, KnowsWhenItsNewestRecordsWereMade) {
  EXPECT_EQ(*ledger_->newest_but(3), std::nullopt);
  append({record(0, kNoon), record(1, kNoon + hours(1))});
  EXPECT_EQ(*ledger_->newest_but(3), kNoon) << "the oldest there is";
  append({record(2, kNoon + hours(2)), record(3, kNoon + hours(3)), record(4, kNoon + hours(4))});
  EXPECT_EQ(*ledger_->newest_but(3), kNoon + hours(1));
  EXPECT_EQ(*ledger_->newest_but(0), kNoon + hours(4));
}

TEST_F(SqliteLedgerTest, AFailedBatchLeavesNothing) {
  ASSERT_TRUE(
      ledger_->database().run("CREATE TRIGGER refuse BEFORE INSERT ON record WHEN NEW.attempt = 9"
                              " BEGIN SELECT RAISE(ABORT, 'no'); END"));
  UsageRecord bad = record(2);
  bad.attempt = 9;
  bad.key = config::KeyName("new-name");
  EXPECT_FALSE(ledger_->append({{record(1), bad}}));
  EXPECT_EQ(rows(), 0);
  EXPECT_EQ(spent({}), PicoUsd{0});
  bad.attempt = 1;
  append({record(1), bad});
  EXPECT_EQ(rows(), 2);
  EXPECT_EQ(all()[1].record.key.str(), "new-name");
}

TEST_F(SqliteLedgerTest, D10_AForeignLockIsOverloadedAndLeavesNothingBehind) {
  auto other = sqlite::open_again(path_, {});
  ASSERT_TRUE(other);
  {
    auto writing = sqlite::Transaction::begin(*other, sqlite::Transaction::Kind::immediate);
    ASSERT_TRUE(writing);
    auto refused = ledger_->append({{record(1)}});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, config::ErrorCode::overloaded);
  }
  append({record(1)});
  EXPECT_EQ(rows(), 1);
}

TEST_F(SqliteLedgerTest, D09_ASecondProcessIsTurnedAway) {
  auto second = SqliteLedger::open(path_, {});
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, config::ErrorCode::overloaded);
  EXPECT_THAT(second.error().message, HasSubstr("in use by another process"));
}

TEST_F(SqliteLedgerTest, D08_ALedgerWhoseEndIsMissingIsRefused) {
  append({record(1), record(2)});
  ASSERT_TRUE(ledger_->database().run("DELETE FROM record WHERE id = 2"));
  ledger_.reset();
  auto opened = SqliteLedger::open(path_, {});
  ASSERT_FALSE(opened);
  EXPECT_THAT(opened.error().message, HasSubstr("its last record is 1, and should be 2"));
}

TEST_F(SqliteLedgerTest, D16_ABackupTakenWhileRecordsComeIsAPrefixOfThem) {
  const std::string copy = folder_.file("backup.db");
  auto source = sqlite::open_for_reading(path_, {});
  ASSERT_TRUE(source);
  sqlite::OpenOptions create;
  create.create = true;
  int number = 0;
  for (; number < 50; ++number) append({record(number)});
  {
    auto target = sqlite::Database::open(copy, create);
    ASSERT_TRUE(target);
    sqlite3_backup* backup =
        sqlite3_backup_init(target->handle(), "main", source->handle(), "main");
    ASSERT_NE(backup, nullptr);
    int status = SQLITE_OK;
    while (status == SQLITE_OK) {
      status = sqlite3_backup_step(backup, 2);
      if (number < 200) append({record(number++)});
    }
    EXPECT_EQ(status, SQLITE_DONE);
    sqlite3_backup_finish(backup);
  }
  auto restored = SqliteLedger::open(copy, {});
  ASSERT_TRUE(restored) << restored.error().message;
  auto& database = (*restored)->database();
  EXPECT_EQ(*database.text("PRAGMA integrity_check"), "ok");
  const auto count = *database.integer("SELECT count(*) FROM record");
  EXPECT_GE(count, 50);
  EXPECT_EQ(*database.integer("SELECT max(id) FROM record"), count);
}

// The stored sum of ten million attempts of one token at 0.10 USD per million.
TEST_F(SqliteLedgerTest, G17_TenMillionRowsOfOneTokenAreOneDollar) {
  UsageRecord one = record(1);
  one.usage = {};
  one.usage.completion = 1;
  one.cost = {config::checked_cost(1, *config::usd_per_million("0.10")), providers::Source::priced};
  auto names = Names::open(ledger_->database());
  auto key = series_key(*names, one);
  auto series = names->series(*key);
  auto writer = RollUpWriter::open(ledger_->database());
  constexpr int kBatch = 500;
  constexpr int kBatches = 10'000'000 / kBatch;
  auto transaction =
      sqlite::Transaction::begin(ledger_->database(), sqlite::Transaction::Kind::immediate);
  const Sums sums = sums_of(one);
  for (int batch = 0; batch < kBatches; ++batch) {
    Sums of_batch;
    for (int i = 0; i < kBatch; ++i) of_batch.add(sums);
    RollUp changes;
    ASSERT_TRUE(changes.add(*names, *key, *series, {}, to_micros(kNoon), of_batch));
    ASSERT_TRUE(writer->write(changes));
  }
  ASSERT_TRUE(transaction->commit());
  EXPECT_EQ(spent({}), PicoUsd{kUsd});
  EXPECT_EQ(*ledger_->database().integer("SELECT completion FROM rollup WHERE span = 86400"),
            10'000'000);
}

// The same with real rows; TOLLGATE_LEDGER_ROWS=10000000 is a dollar, and takes minutes.
TEST_F(SqliteLedgerTest, G17_RowsOfOneTokenAddUpToTheUnit) {
  const char* wished = std::getenv("TOLLGATE_LEDGER_ROWS");
  const int rows_wanted = wished != nullptr ? std::atoi(wished) : 10'000;
  constexpr int kBatch = 5'000;
  UsageRecord one = record(0);
  one.usage = {};
  one.usage.completion = 1;
  one.usage.tokens = providers::Source::reported;
  one.cost = {config::checked_cost(1, *config::usd_per_million("0.10")), providers::Source::priced};
  std::vector<UsageRecord> batch;
  for (int made = 0; made < rows_wanted;) {
    batch.clear();
    for (; made < rows_wanted && batch.size() < kBatch; ++made) {
      one.request = config::RequestId(test::request_id(made));
      one.started = kNoon + std::chrono::seconds(made);
      batch.push_back(one);
    }
    append(batch);
  }
  const std::int64_t exact = rows_wanted * (kUsd / 10'000'000);  // which fits at its full size too
  EXPECT_EQ(rows(), rows_wanted);
  EXPECT_EQ(*ledger_->database().integer("SELECT sum(cost) FROM record"), exact);
  EXPECT_EQ(spent({}), PicoUsd{exact});
  EXPECT_EQ(spent({AccountKind::key, "ada"}), PicoUsd{exact});
  EXPECT_EQ(spent({AccountKind::team, "research"}), PicoUsd{exact});
}

}  // namespace
}  // namespace gateway

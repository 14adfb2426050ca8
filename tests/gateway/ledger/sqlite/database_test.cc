#include "gateway/ledger/sqlite/database.h"

#include <cstdint>
#include <limits>
#include <optional>
#include <string>

#include <gtest/gtest.h>

#include "tests/support/temp_dir.h"

namespace gateway::sqlite {
namespace {

class DatabaseTest : public testing::Test {
 protected:
  Database open(OpenOptions options = {}) {
    options.create = true;
    auto database = Database::open(path_, options);
    if (!database) ADD_FAILURE() << database.error().detail;
    return *std::move(database);
  }

  test::TempDir folder_;
  std::string path_ = folder_.file("a ?#%41.db");
};

TEST_F(DatabaseTest, ValuesComeBackAsTheyWereBound) {
  Database database = open();
  ASSERT_TRUE(database.run("CREATE TABLE t (a ANY, b ANY, c ANY, d ANY, e ANY, f ANY) STRICT"));
  auto insert = database.prepare("INSERT INTO t VALUES (?1, ?2, ?3, ?4, ?5, ?6)");
  ASSERT_TRUE(insert);
  const std::string zeros("a\0b", 3);
  const std::optional<std::int64_t> none;
  ASSERT_TRUE(
      insert
          ->with(std::numeric_limits<std::int64_t>::min(), zeros, Blob{zeros}, none, true, Blob{""})
          .run());

  auto select = database.prepare("SELECT a, b, c, d, e, f, typeof(f) FROM t");
  ASSERT_TRUE(select);
  ASSERT_TRUE(*select->step());
  EXPECT_EQ(select->integer(0), std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(select->text(1), zeros);
  EXPECT_TRUE(select->is_text(1));
  EXPECT_EQ(select->blob(2), zeros);
  EXPECT_FALSE(select->is_text(2));
  EXPECT_EQ(select->maybe_integer(3), std::nullopt);
  EXPECT_EQ(select->maybe_integer(4), 1);
  EXPECT_EQ(select->text(6), "blob");
  EXPECT_FALSE(*select->step());
}

TEST_F(DatabaseTest, AStatementIsUsedAgainWithOtherValues) {
  Database database = open();
  auto sum = database.prepare("SELECT ifnull(?1, 0) + ifnull(?2, 0)");
  ASSERT_TRUE(sum);
  ASSERT_TRUE(*sum->with(1, 2).step());
  EXPECT_EQ(sum->integer(0), 3);
  ASSERT_TRUE(*sum->with(5).step());  // the second is not left over
  EXPECT_EQ(sum->integer(0), 5);
}

TEST_F(DatabaseTest, TooManyValuesAreAnError) {
  Database database = open();
  auto statement = database.prepare("SELECT ?1");
  ASSERT_TRUE(statement);
  EXPECT_FALSE(statement->with(1, 2).step());
  EXPECT_TRUE(statement->with(1).step());
}

TEST_F(DatabaseTest, ATransactionThatIsNotCommittedIsUndone) {
  Database database = open();
  ASSERT_TRUE(database.run("CREATE TABLE t (a INTEGER)"));
  {
    auto transaction = Transaction::begin(database, Transaction::Kind::immediate);
    ASSERT_TRUE(transaction);
    ASSERT_TRUE(database.run("INSERT INTO t VALUES (1)"));
  }
  EXPECT_EQ(*database.integer("SELECT count(*) FROM t"), 0);
  {
    auto transaction = Transaction::begin(database, Transaction::Kind::immediate);
    ASSERT_TRUE(transaction);
    ASSERT_TRUE(database.run("INSERT INTO t VALUES (1)"));
    ASSERT_TRUE(transaction->commit());
  }
  EXPECT_EQ(*database.integer("SELECT count(*) FROM t"), 1);
}

TEST_F(DatabaseTest, ALockedFileIsOverloadedAndSaysSo) {
  Database one = open();
  Database two = open();
  ASSERT_TRUE(one.run("CREATE TABLE t (a INTEGER)"));
  auto writing = Transaction::begin(one, Transaction::Kind::immediate);
  ASSERT_TRUE(writing);
  auto refused = Transaction::begin(two, Transaction::Kind::immediate);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, config::ErrorCode::overloaded);
  EXPECT_NE(refused.error().detail.find("database is locked"), std::string::npos);
}

TEST_F(DatabaseTest, AConstraintIsInternal) {
  Database database = open();
  ASSERT_TRUE(database.run("CREATE TABLE t (a INTEGER UNIQUE); INSERT INTO t VALUES (1)"));
  auto refused = database.run("INSERT INTO t VALUES (1)");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, config::ErrorCode::internal);
  EXPECT_NE(refused.error().detail.find("UNIQUE constraint failed: t.a"), std::string::npos);
}

TEST_F(DatabaseTest, WhatOnlyReadsChangesNothing) {
  {
    ASSERT_TRUE(open().run("CREATE TABLE t (a INTEGER)"));
  }
  for (const bool immutable : {false, true}) {
    OpenOptions options;
    options.read_only = true;
    options.immutable = immutable;
    auto database = Database::open(path_, options);
    ASSERT_TRUE(database) << database.error().detail;
    EXPECT_EQ(*database->integer("SELECT count(*) FROM t"), 0);
    EXPECT_FALSE(database->run("INSERT INTO t VALUES (1)"));
  }
}

TEST_F(DatabaseTest, AMissingFileIsAnErrorUnlessItIsToBeMade) {
  auto missing = Database::open(folder_.file("none.db"), {});
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, config::ErrorCode::overloaded);
}

}  // namespace
}  // namespace gateway::sqlite

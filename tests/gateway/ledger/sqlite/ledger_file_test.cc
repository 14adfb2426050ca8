#include "gateway/ledger/sqlite/ledger_file.h"

#include <filesystem>
#include <fstream>
#include <string>
#include <sys/stat.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gateway/ledger/sqlite/migrations.h"
#include "tests/support/temp_dir.h"

namespace gateway::sqlite {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class LedgerFile : public testing::Test {
 protected:
  config::Result<Database> open() {
    auto lock = WriterLock::take(path_);
    if (!lock) return lock.error();
    return open_for_writing(path_, *lock, {});
  }
  std::string complaint() {
    auto database = open();
    return database ? "it opened" : database.error().message;
  }
  void make() {
    auto database = open();
    ASSERT_TRUE(database) << database.error().message;
    // Enough to have more than the first page.
    for (int i = 0; i < 500; ++i) {
      ASSERT_TRUE(database->run("INSERT INTO meta VALUES (hex(randomblob(20)), 'x')"));
    }
  }
  void overwrite(std::streamoff at, const std::string& bytes) {
    std::fstream file(path_, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(at);
    file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    ASSERT_TRUE(file.good());
  }

  test::TempDir folder_;
  std::string path_ = folder_.file("tollgate.db");
};

TEST_F(LedgerFile, IsMadeOnceAndFoundAgain) {
  make();
  auto again = open();
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(*again->integer("SELECT count(*) FROM meta WHERE value = 'x'"), 500);
  EXPECT_EQ(*again->text("PRAGMA journal_mode"), "wal");
}

TEST_F(LedgerFile, OnlyItsOwnerReadsIt) {
  auto database = open();
  ASSERT_TRUE(database);
  ASSERT_TRUE(database->run("INSERT INTO meta VALUES ('a', 'b')"));
  for (const char* ending : {"", "-wal", "-shm", ".lock", ".created"}) {
    struct stat info{};
    ASSERT_EQ(::stat((path_ + ending).c_str(), &info), 0) << ending;
    EXPECT_EQ(info.st_mode & 0777, 0600U) << ending;
  }
}

TEST_F(LedgerFile, D08_AMissingLedgerIsNotReplacedByAnEmptyOne) {
  make();
  fs::remove(path_);
  EXPECT_THAT(complaint(), HasSubstr("is missing, though one was made here before"));
  EXPECT_FALSE(fs::exists(path_));
  // On purpose, as the message says.
  fs::remove(path_ + ".created");
  EXPECT_TRUE(open());
}

TEST_F(LedgerFile, D08_AnEmptiedOrShortenedLedgerIsRefused) {
  make();
  const auto size = fs::file_size(path_);
  ASSERT_GT(size, 8192U);
  fs::resize_file(path_, size - 4096);
  EXPECT_THAT(complaint(), HasSubstr("malformed"));
  fs::resize_file(path_, 50);
  EXPECT_THAT(complaint(), HasSubstr("malformed"));
  overwrite(0, std::string(4096, 'x'));
  EXPECT_THAT(complaint(), HasSubstr("not a database"));
  fs::resize_file(path_, 0);
  EXPECT_THAT(complaint(), HasSubstr("is an empty file, though one was made here before"));
}

TEST_F(LedgerFile, D08_ADamagedPageIsRefused) {
  make();
  overwrite(4096, std::string(64, '\xff'));
  auto database = open();
  ASSERT_FALSE(database);
  EXPECT_THAT(database.error().message, HasSubstr(path_ + ": is damaged"));
  EXPECT_EQ(database.error().message.find('\n'), std::string::npos);
}

TEST_F(LedgerFile, D08_AnotherProgramsFileIsRefusedAndLeftAlone) {
  OpenOptions create;
  create.create = true;
  {
    auto foreign = Database::open(path_, create);
    ASSERT_TRUE(foreign);
    ASSERT_TRUE(foreign->run("CREATE TABLE notes (a TEXT)"));
  }
  const auto before = fs::file_size(path_);
  EXPECT_THAT(complaint(), HasSubstr("another program's database"));
  EXPECT_EQ(fs::file_size(path_), before);
  EXPECT_FALSE(fs::exists(path_ + ".created"));
}

TEST_F(LedgerFile, D08_ANewerVersionIsRefused) {
  make();
  {
    auto database = Database::open(path_, {});
    ASSERT_TRUE(database->run("PRAGMA user_version = 1000"));
  }
  EXPECT_THAT(complaint(), HasSubstr("its version is 1000, from a newer tollgate"));
  EXPECT_THAT(open_for_reading(path_, {}).error().message, HasSubstr("from a newer tollgate"));
}

TEST_F(LedgerFile, D08_AnotherLedgerInItsPlaceIsRefused) {
  make();
  fs::remove(path_ + ".created");
  fs::rename(path_, path_ + ".kept");
  ASSERT_TRUE(open());  // a new one
  fs::rename(path_ + ".kept", path_);
  EXPECT_THAT(complaint(), HasSubstr("is not the ledger that was made here"));
}

TEST_F(LedgerFile, D09_ASecondWriterIsRefusedByTheLock) {
  auto first = WriterLock::take(path_);
  ASSERT_TRUE(first);
  auto second = WriterLock::take(path_);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, config::ErrorCode::overloaded);
  EXPECT_THAT(second.error().message,
              HasSubstr("is in use by another process, number " + std::to_string(::getpid())));
}

TEST_F(LedgerFile, D09_TheLockIsFreeOnceItsHolderIsGone) {
  {
    ASSERT_TRUE(WriterLock::take(path_));
  }
  EXPECT_TRUE(WriterLock::take(path_));
}

TEST_F(LedgerFile, ReadersComeBesideAWriter) {
  auto lock = WriterLock::take(path_);
  auto writer = open_for_writing(path_, *lock, {});
  ASSERT_TRUE(writer);
  auto reader = open_for_reading(path_, {});
  ASSERT_TRUE(reader) << reader.error().message;
  ASSERT_TRUE(writer->run("INSERT INTO meta VALUES ('a', 'b')"));
  EXPECT_EQ(*reader->text("SELECT value FROM meta WHERE name = 'a'"), "b");
  auto again = open_again(path_, {});
  ASSERT_TRUE(again);
  ASSERT_TRUE(again->run("INSERT INTO meta VALUES ('c', 'd')"));
  EXPECT_EQ(*reader->text("SELECT value FROM meta WHERE name = 'c'"), "d");
}

TEST_F(LedgerFile, AMigrationThatIsThereIsNotAppliedAgain) {
  auto database = open();
  ASSERT_TRUE(database);
  ASSERT_TRUE(migrate(*database));
  EXPECT_EQ(*database->integer("PRAGMA user_version"),
            static_cast<std::int64_t>(migrations().size()));
}

}  // namespace
}  // namespace gateway::sqlite

// A ledger whose file is taken away, replaced or made unwritable under the process that
// writes it: its journal keeps what cannot be written down, and nothing goes to nowhere.

#include <filesystem>
#include <memory>
#include <sched.h>
#include <sqlite3.h>
#include <stdexcept>
#include <string>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gateway/ledger/journal.h"
#include "gateway/ledger/ledger_writer.h"
#include "gateway/ledger/sqlite_ledger.h"
#include "gateway/ledger/verify.h"
#include "tests/gateway/ledger/journal_rig.h"
#include "tests/gateway/ledger/sqlite/failing_vfs.h"
#include "tests/support/temp_dir.h"
#include "tests/support/wait_for.h"

namespace gateway {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using test::hold_of;
using testing::HasSubstr;

constexpr std::int64_t kCost = 1'000;

// A process's money, from the journal to the ledger. Its end leaves the journal where it is.
class Life {
 public:
  Life(const std::string& database, const config::Ledger& settings, std::uint64_t seed,
       const std::string& vfs = {})
      : ledger_(open(database, vfs)),
        folder_(*JournalFolder::open(settings, 1, seed)),
        writer_(*ledger_, *folder_, clock_, {.batch = 1ms, .longest_pause = 5ms}),
        journal_(std::make_unique<Journal>(*folder_, 0, clock_)) {
    EXPECT_TRUE(writer_.recover());
    writer_.start();
  }

  void pay(int number) {
    ASSERT_TRUE(journal_->hold(hold_of(number)));
    journal_->settle(test::record_of(hold_of(number), kCost));
  }
  bool carried() { return writer_.flush(10s); }
  bool failing() {
    return test::wait_for(10s, [&] { return writer_.counts().failing.load(); });
  }
  bool end() {
    journal_.reset();
    return writer_.stop(10s);
  }
  SqliteLedger& ledger() { return *ledger_; }

 private:
  static std::unique_ptr<SqliteLedger> open(const std::string& database, const std::string& vfs) {
    sqlite::WriteOptions options;
    options.vfs = vfs;
    auto ledger = SqliteLedger::open(database, options);
    if (!ledger) throw std::runtime_error(ledger.error().message);
    return *std::move(ledger);
  }

  config::SystemClock clock_;
  std::unique_ptr<SqliteLedger> ledger_;
  std::unique_ptr<JournalFolder> folder_;
  LedgerWriter writer_;
  std::unique_ptr<Journal> journal_;
};

class LostLedger : public testing::Test {
 protected:
  void expect_paid(SqliteLedger& ledger, int records) {
    EXPECT_EQ(*ledger.database().integer("SELECT count(*) FROM record"), records);
    EXPECT_EQ(ledger.spent({}, {})->value, records * kCost);
    auto verdict = verify(ledger.database());
    ASSERT_TRUE(verdict) << verdict.error().detail;
    EXPECT_TRUE(verdict->sound()) << verdict->findings.front();
  }
  void move_ledger(const std::string& from, const std::string& to) {
    for (const char* suffix : {"", "-wal", "-shm"}) {
      if (fs::exists(from + suffix)) fs::rename(from + suffix, to + suffix);
    }
  }

  test::JournalPlace place_;
  std::string path_ = place_.dir().file("tollgate.db");
  std::string aside_ = place_.dir().file("aside.db");
};

TEST_F(LostLedger, D08_RemovedWhileOpenNothingIsWrittenIntoWhatNobodyWillFind) {
  {
    Life life(path_, place_.settings(), 1);
    life.pay(1);
    ASSERT_TRUE(life.carried());
    // As a backup: whole, and with everything up to now.
    ASSERT_TRUE(life.ledger().database().run("PRAGMA wal_checkpoint(TRUNCATE)"));
    fs::copy_file(path_, aside_);
    for (const char* suffix : {"", "-wal", "-shm"}) fs::remove(path_ + suffix);

    life.pay(2);
    EXPECT_TRUE(life.failing());
    life.pay(3);
    EXPECT_FALSE(fs::exists(path_)) << "no empty one in its place";
  }
  EXPECT_THROW(Life(path_, place_.settings(), 2), std::runtime_error);

  fs::rename(aside_, path_);
  Life again(path_, place_.settings(), 3);
  EXPECT_TRUE(again.carried());
  EXPECT_TRUE(again.end());
  expect_paid(again.ledger(), 3);
}

TEST_F(LostLedger, D08_AnotherPutInItsPlaceGetsNothing) {
  {
    Life life(path_, place_.settings(), 1);
    life.pay(1);
    ASSERT_TRUE(life.carried());
    move_ledger(path_, aside_);
    fs::copy_file(aside_, path_);
    life.pay(2);
    EXPECT_TRUE(life.failing());
  }
  for (const char* suffix : {"", "-wal", "-shm"}) fs::remove(path_ + suffix);
  move_ledger(aside_, path_);
  Life again(path_, place_.settings(), 2);
  EXPECT_TRUE(again.end());
  expect_paid(again.ledger(), 2);
}

TEST_F(LostLedger, D08_PutBackWhileItRunsItTakesRecordsAgain) {
  Life life(path_, place_.settings(), 1);
  life.pay(1);
  ASSERT_TRUE(life.carried());
  move_ledger(path_, aside_);
  life.pay(2);
  EXPECT_TRUE(life.failing());
  move_ledger(aside_, path_);
  life.pay(3);
  EXPECT_TRUE(life.carried());
  EXPECT_TRUE(life.end());
  expect_paid(life.ledger(), 3);
}

// Each of the errors a disk has, from some moment on and until it is well again.
TEST_F(LostLedger, D07_AnUnwritableLedgerKeepsNobodyFromPayingAndCatchesUp) {
  test::FailingVfs vfs;
  Life life(path_, place_.settings(), 1, test::FailingVfs::kName);
  int paid = 0;
  for (const int status : {SQLITE_READONLY, SQLITE_IOERR_WRITE, SQLITE_IOERR_FSYNC, SQLITE_FULL}) {
    life.pay(++paid);
    ASSERT_TRUE(life.carried());
    vfs.fail(1, status, true);
    for (int i = 0; i < 200; ++i) life.pay(++paid);
    EXPECT_TRUE(life.failing()) << status;
    vfs.heal();
    EXPECT_TRUE(life.carried()) << status;
  }
  EXPECT_TRUE(life.end());
  expect_paid(life.ledger(), paid);
}

// In a process of its own, which gives up being root and its view of the mounts.
class Unwritable : public LostLedger {
 protected:
  void SetUp() override {
    Life life(path_, place_.settings(), 1);
    life.pay(1);
    EXPECT_TRUE(life.carried());
    EXPECT_TRUE(life.end());
  }
  std::string complaint() const {
    auto ledger = SqliteLedger::open(path_, {});
    return ledger ? "it opened" : ledger.error().message;
  }
};

TEST_F(Unwritable, D08_AFileThatMayOnlyBeReadIsRefusedAtTheStart) {
  constexpr uid_t kNobody = 65534;
  fs::permissions(path_, fs::perms::owner_read);
  const bool root = ::geteuid() == 0;
  if (root) {
    for (const auto& entry : fs::directory_iterator(place_.dir().path())) {
      ASSERT_EQ(::chown(entry.path().c_str(), kNobody, kNobody), 0);
    }
    ASSERT_EQ(::chown(place_.dir().path().c_str(), kNobody, kNobody), 0);
    ASSERT_EQ(::seteuid(kNobody), 0);
  }
  const std::string line = complaint();
  if (root) ASSERT_EQ(::seteuid(0), 0);
  EXPECT_THAT(line, HasSubstr("may only be read"));
  EXPECT_THAT(line, HasSubstr(path_));
  EXPECT_THAT(line, testing::Not(HasSubstr("\n")));
}

TEST_F(Unwritable, D08_ADiskThatMayOnlyBeReadIsRefusedAtTheStart) {
  const char* folder = place_.dir().path().c_str();
  const bool mounted =
      ::unshare(CLONE_NEWNS) == 0 &&
      ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
      ::mount(folder, folder, nullptr, MS_BIND, nullptr) == 0 &&
      ::mount(nullptr, folder, nullptr, MS_REMOUNT | MS_BIND | MS_RDONLY, nullptr) == 0;
  if (!mounted) GTEST_SKIP() << "mounting is not permitted here";
  const std::string line = complaint();
  ::umount2(folder, MNT_DETACH);
  EXPECT_THAT(line, HasSubstr("Read-only file system"));
  EXPECT_THAT(line, HasSubstr(path_));
}

}  // namespace
}  // namespace gateway

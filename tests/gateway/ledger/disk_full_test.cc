// The journal on a disk that is really full: a small tmpfs, mounted for this process only.
#include <filesystem>
#include <fstream>
#include <sched.h>
#include <sys/mount.h>

#include <gtest/gtest.h>

#include "gateway/ledger/journal.h"
#include "gateway/ledger/ledger_writer.h"
#include "gateway/ledger/sqlite_ledger.h"
#include "tests/gateway/ledger/journal_rig.h"
#include "tests/support/wait_for.h"

namespace {

using namespace gateway;
using namespace std::chrono_literals;
using test::hold_of;
using test::record_of;

// Gone with it, and with the process.
class SmallDisk {
 public:
  SmallDisk() {
    // In a view of the mounts that is this test's own.
    mounted_ = ::unshare(CLONE_NEWNS) == 0 &&
               ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
               ::mount("tmpfs", dir_.path().c_str(), "tmpfs", 0, "size=1m") == 0;
  }
  ~SmallDisk() {
    if (mounted_) ::umount2(dir_.path().c_str(), MNT_DETACH);
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;

  bool mounted() const { return mounted_; }
  std::string file(std::string_view name) const { return dir_.file(name); }
  // Not a byte is left.
  void fill() const {
    std::ofstream rest(file("rest"), std::ios::binary);
    while (rest << 'x' << std::flush) continue;
  }

 private:
  test::TempDir dir_;
  bool mounted_ = false;
};

TEST(DiskFull, D05_HoldsAreRefusedRecordsAreWrittenAndNothingIsLostWhenSpaceReturns) {
  const SmallDisk disk;
  if (!disk.mounted()) GTEST_SKIP() << "mounting a tmpfs is not permitted here";
  config::Ledger settings;
  settings.journal = disk.file("journal");  // its bound, 1 GiB, is not what ends here
  const config::SystemClock clock;
  const auto folder = JournalFolder::open(settings, 1, 1).value();
  test::MemoryLedger ledger;
  LedgerWriter writer(ledger, *folder, clock, {.batch = 2ms, .longest_pause = 10ms});
  Journal journal(*folder, 0, clock);

  int taken = 0;
  for (;; ++taken) {
    const auto held = journal.hold(hold_of(taken));
    if (!held) {
      EXPECT_EQ(held.error().code, config::ErrorCode::overloaded);
      break;
    }
    // Every third is a stream that goes on.
    if (taken % 3 != 0) journal.settle(record_of(hold_of(taken), 1));
  }
  ASSERT_GT(taken, 300);
  disk.fill();
  EXPECT_FALSE(journal.hold(hold_of(taken)));

  for (int i = 0; i < taken; i += 3) journal.settle(record_of(hold_of(i), 1));
  EXPECT_EQ(journal.counts().failed_writes, 0U);

  writer.start();
  EXPECT_TRUE(writer.flush(10s));
  EXPECT_EQ(ledger.sum(), taken);
  for (const auto& [id, record] : ledger.records()) EXPECT_EQ(record.outcome, Outcome::ok);

  // What was carried away makes room again.
  ASSERT_TRUE(test::wait_for(10s, [&] { return journal.hold(hold_of(taken)).has_value(); }));
  journal.settle(record_of(hold_of(taken), 1));
  EXPECT_TRUE(writer.flush(10s));
  EXPECT_EQ(ledger.sum(), taken + 1);
}

// A disk of its own for the ledger and its WAL, as small as that.
TEST(DiskFull, D06_ALedgerWithoutRoomForItsWalIsWaitedForInTheJournal) {
  const SmallDisk disk;
  if (!disk.mounted()) GTEST_SKIP() << "mounting a tmpfs is not permitted here";
  const test::JournalPlace place;
  const config::SystemClock clock;
  const auto ledger = *SqliteLedger::open(disk.file("tollgate.db"), {});
  const auto folder = *JournalFolder::open(place.settings(), 1, 1);
  LedgerWriter writer(*ledger, *folder, clock, {.batch = 2ms, .longest_pause = 10ms});
  writer.start();
  Journal journal(*folder, 0, clock);
  disk.fill();
  constexpr int kPaid = 300;
  for (int i = 0; i < kPaid; ++i) {
    ASSERT_TRUE(journal.hold(hold_of(i)));
    journal.settle(record_of(hold_of(i), 1));
  }
  EXPECT_TRUE(test::wait_for(10s, [&] { return writer.counts().failing.load(); }));
  std::filesystem::remove(disk.file("rest"));
  EXPECT_TRUE(writer.flush(10s));
  EXPECT_FALSE(writer.counts().failing.load());
  EXPECT_EQ(ledger->spent({}, {})->value, kPaid);
  EXPECT_EQ(*ledger->database().integer("SELECT count(*) FROM record"), kPaid);
}

}  // namespace

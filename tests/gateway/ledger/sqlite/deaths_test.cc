// A process that makes, fills or recovers a ledger dies at each of its calls to the disk in
// turn. The next one finds all that was said to be there, and goes on.

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

#include <gtest/gtest.h>

#include "gateway/ledger/sqlite_ledger.h"
#include "gateway/ledger/verify.h"
#include "tests/gateway/ledger/sqlite/failing_vfs.h"
#include "tests/gateway/ledger/sqlite/records.h"
#include "tests/support/temp_dir.h"

namespace gateway {
namespace {

constexpr int kBatches = 4;
constexpr int kOfEach = 3;

std::vector<UsageRecord> batch(int number) {
  std::vector<UsageRecord> out;
  for (int i = 0; i < kOfEach; ++i) out.push_back(test::record(number * kOfEach + i));
  return out;
}

class Deaths : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    // What a process wrote survives it on any disk; this one is quick.
    if (std::filesystem::exists("/dev/shm")) ::setenv("TMPDIR", "/dev/shm", 0);
  }

  struct Life {
    bool died = false;
    int acknowledged = 0;  // batches
  };

  // A process that makes or opens the ledger, appends all batches and moves them out of the
  // WAL, and dies at its `call`-th call if it gets there.
  Life live(const std::string& path, int call) {
    std::array<int, 2> pipe{};
    EXPECT_EQ(::pipe(pipe.data()), 0);
    const pid_t child = ::fork();
    if (child == 0) ::_exit(work(path, call, pipe[1]));
    ::close(pipe[1]);
    Life life;
    char done = 0;
    while (::read(pipe[0], &done, 1) == 1) ++life.acknowledged;
    ::close(pipe[0]);
    int status = 0;
    EXPECT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFEXITED(status));
    life.died = WEXITSTATUS(status) == test::FailingVfs::kDied;
    if (!life.died) EXPECT_EQ(WEXITSTATUS(status), 0) << "at call " << call;
    return life;
  }

 private:
  static int work(const std::string& path, int call, int told) {
    test::FailingVfs vfs;
    vfs.die(call);
    sqlite::WriteOptions options;
    options.vfs = test::FailingVfs::kName;
    options.sync_commits = true;
    auto ledger = SqliteLedger::open(path, options);
    if (!ledger) return 1;
    for (int i = 0; i < kBatches; ++i) {
      if (!(*ledger)->append(batch(i))) return 2;
      if (::write(told, "x", 1) != 1) return 3;
      if (i == kBatches / 2 && !(*ledger)->database().run("PRAGMA wal_checkpoint(TRUNCATE)"))
        return 4;
    }
    ledger->reset();  // its end is a checkpoint too
    return 0;
  }
};

TEST_F(Deaths, D03_AtEveryCallOfMigrationAppendCheckpointAndRecovery) {
  int deaths = 0;
  for (int call = 1;; ++call) {
    SCOPED_TRACE(call);
    const test::TempDir folder;
    const std::string path = folder.file("tollgate.db");
    const Life first = live(path, call);
    if (!first.died) break;
    ++deaths;
    // The next may die of it too, early or late.
    const Life second = live(path, 1 + call % 7);

    auto ledger = SqliteLedger::open(path, {});
    ASSERT_TRUE(ledger) << ledger.error().message;
    const auto rows = *(*ledger)->database().integer("SELECT count(*) FROM record");
    EXPECT_GE(rows, std::max(first.acknowledged, second.acknowledged) * kOfEach);
    EXPECT_EQ(rows % kOfEach, 0) << "a batch is there whole or not at all";
    for (int i = 0; i < kBatches; ++i) ASSERT_TRUE((*ledger)->append(batch(i)));
    EXPECT_EQ(*(*ledger)->database().integer("SELECT count(*) FROM record"), kBatches * kOfEach);
    EXPECT_EQ((*ledger)->spent({}, {})->value, kBatches * kOfEach * 1'000'000'000'000);
    auto verdict = verify((*ledger)->database());
    ASSERT_TRUE(verdict) << verdict.error().detail;
    EXPECT_TRUE(verdict->sound()) << verdict->findings.front();
  }
  EXPECT_GT(deaths, 50);
}

}  // namespace
}  // namespace gateway

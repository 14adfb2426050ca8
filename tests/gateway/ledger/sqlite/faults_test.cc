#include <sqlite3.h>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "gateway/ledger/sqlite_ledger.h"
#include "gateway/ledger/verify.h"
#include "tests/gateway/ledger/sqlite/failing_vfs.h"
#include "tests/gateway/ledger/sqlite/records.h"
#include "tests/support/temp_dir.h"

namespace gateway {
namespace {

// Each write, sync and cut in turn fails, once or from then on. What append() says is true,
// and after the disk has come back nothing is missing, doubled or wrong.
TEST(SqliteLedgerFaults, D07_EveryFailedCallLosesAndDoublesNothing) {
  test::FailingVfs vfs;
  sqlite::WriteOptions options;
  options.vfs = test::FailingVfs::kName;
  options.sync_commits = true;
  int faults = 0;
  for (const int status : {SQLITE_IOERR_WRITE, SQLITE_IOERR_FSYNC, SQLITE_FULL, SQLITE_READONLY}) {
    for (const bool stays : {false, true}) {
      for (int call = 1;; ++call) {
        test::TempDir folder;
        const std::string path = folder.file("tollgate.db");
        auto ledger = SqliteLedger::open(path, options);
        ASSERT_TRUE(ledger) << ledger.error().message;
        const std::vector<UsageRecord> first{test::record(1), test::record(2)};
        const std::vector<UsageRecord> second{test::record(3), test::record(4)};
        ASSERT_TRUE((*ledger)->append(first));

        vfs.fail(call, status, stays);
        const bool appended = (*ledger)->append(second).has_value();
        // So that the WAL moves into the file, which has calls of its own.
        (void)(*ledger)->database().run("PRAGMA wal_checkpoint(TRUNCATE)");
        const bool met = vfs.met();
        vfs.heal();

        if (!met) break;  // it made fewer calls
        ++faults;
        // Again, as the ledger's thread would: harmless where it was written.
        auto again = (*ledger)->append(second);
        if (!again) {
          // Some faults end the use of a connection; a new one goes on.
          (*ledger).reset();
          ledger = SqliteLedger::open(path, options);
          ASSERT_TRUE(ledger) << ledger.error().message << " status " << status << " call " << call;
          again = (*ledger)->append(second);
        }
        ASSERT_TRUE(again) << again.error().detail << " status " << status << " call " << call;
        EXPECT_EQ(*(*ledger)->database().integer("SELECT count(*) FROM record"), 4) << appended;
        EXPECT_EQ((*ledger)->spent({}, {})->value, 4'000'000'000'000);
        auto verdict = verify((*ledger)->database());
        ASSERT_TRUE(verdict) << verdict.error().detail;
        EXPECT_TRUE(verdict->sound()) << verdict->findings.front();
      }
    }
  }
  EXPECT_GT(faults, 40);
}

}  // namespace
}  // namespace gateway

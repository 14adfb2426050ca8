#pragma once
// A ledger in a folder of its own, open for each test. The test's thread.

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "gateway/ledger/sqlite/ledger_file.h"
#include "gateway/ledger/sqlite_ledger.h"
#include "gateway/ledger/verify.h"
#include "tests/support/temp_dir.h"

namespace test {

// What verify says of the ledger there.
inline gateway::Verdict verdict_of(const std::string& path) {
  auto reader = gateway::sqlite::open_for_reading(path, {});
  EXPECT_TRUE(reader) << reader.error().message;
  auto out = gateway::verify(*reader);
  EXPECT_TRUE(out) << out.error().detail;
  return *std::move(out);
}

class OpenLedger : public testing::Test {
 protected:
  void SetUp() override { reopen(); }
  void reopen() {
    ledger_.reset();
    auto opened = gateway::SqliteLedger::open(path_, options_);
    ASSERT_TRUE(opened) << opened.error().message << opened.error().detail;
    ledger_ = *std::move(opened);
  }
  void append(const std::vector<gateway::UsageRecord>& records) {
    auto done = ledger_->append(records);
    ASSERT_TRUE(done) << done.error().detail;
  }

  TempDir folder_;
  std::string path_ = folder_.file("tollgate.db");
  gateway::sqlite::WriteOptions options_;
  std::unique_ptr<gateway::SqliteLedger> ledger_;
};

}  // namespace test

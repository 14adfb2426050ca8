#include "gateway/keys/gateway_file.h"

#include <fstream>

#include <gtest/gtest.h>

#include "gateway/ledger/sqlite/writer_lock.h"
#include "tests/support/temp_dir.h"

namespace gateway::keys {
namespace {

TEST(GatewayFile, SaysWhereWhoeverHoldsTheLockIsFound) {
  const test::TempDir folder;
  const std::string database = folder.file("tollgate.db");
  EXPECT_FALSE(gateway_of(database));
  const auto lock = sqlite::WriterLock::take(database);
  ASSERT_TRUE(lock);
  {
    const auto file = GatewayFile::write(database, {"0.0.0.0", 8081});
    ASSERT_TRUE(file);
    const auto found = gateway_of(database);
    ASSERT_TRUE(found);
    EXPECT_EQ(found->host, "127.0.0.1");
    EXPECT_EQ(found->port, 8081);
  }
  EXPECT_FALSE(gateway_of(database));
}

TEST(GatewayFile, OneLeftByAProcessThatWasKilledLeadsNowhere) {
  const test::TempDir folder;
  const std::string database = folder.file("tollgate.db");
  std::ofstream(database + ".gateway") << "process=1\nadmin=127.0.0.1:8081\n";
  const auto lock = sqlite::WriterLock::take(database);
  ASSERT_TRUE(lock);
  EXPECT_FALSE(gateway_of(database)) << "the admin token would go to whoever listens there now";
}

}  // namespace
}  // namespace gateway::keys

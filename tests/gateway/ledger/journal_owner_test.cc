#include "gateway/ledger/journal_owner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/temp_dir.h"

namespace gateway {
namespace {

TEST(JournalOwner, AFolderIsOneLedgersForEver) {
  const test::TempDir place;
  const std::filesystem::path folder = place.file("journal");
  EXPECT_TRUE(claim_journals(folder, "one"));
  EXPECT_TRUE(claim_journals(folder, "one"));
  const auto other = claim_journals(folder, "two");
  ASSERT_FALSE(other);
  EXPECT_THAT(other.error().message, testing::HasSubstr("another ledger"));
}

TEST(JournalOwner, AFolderThatCannotBeWrittenIsSaid) {
  EXPECT_FALSE(claim_journals(std::filesystem::path("/proc/none"), "one"));
}

}  // namespace
}  // namespace gateway

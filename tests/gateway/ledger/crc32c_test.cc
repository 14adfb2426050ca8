#include "gateway/ledger/crc32c.h"

#include <random>
#include <string>

#include <gtest/gtest.h>

namespace gateway {
namespace {

TEST(Crc32c, IsTheOneOfRfc3720) {
  EXPECT_EQ(crc32c(0xffffffff, "123456789"), 0xe3069283);
  EXPECT_EQ(crc32c(0xffffffff, std::string(32, '\0')), 0x8a9136aa);
}

TEST(Crc32c, IsTheSameWithAndWithoutTheProcessorsHelp) {
  std::mt19937 random(1);
  std::string bytes;
  for (int size = 0; size < 300; ++size) {
    const auto first = static_cast<std::uint32_t>(random());
    EXPECT_EQ(crc32c(first, bytes), plain_crc32c(first, bytes)) << size;
    bytes += static_cast<char>(random());
  }
}

}  // namespace
}  // namespace gateway

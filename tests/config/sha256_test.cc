#include "config/base/sha256.h"

#include <gtest/gtest.h>

namespace config {
namespace {

// FIPS 180-2, appendix B.
constexpr const char* kOfAbc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

TEST(Sha256, KnownDigests) {
  EXPECT_EQ(to_hex(sha256("abc")), kOfAbc);
  EXPECT_EQ(to_hex(sha256("")), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST(Sha256, HexIsReadInEitherCaseAndNothingElse) {
  EXPECT_EQ(parse_sha256(kOfAbc), sha256("abc"));
  std::string upper = kOfAbc;
  for (char& c : upper) c = static_cast<char>(std::toupper(c));
  EXPECT_EQ(parse_sha256(upper), sha256("abc"));
  EXPECT_FALSE(parse_sha256(std::string(kOfAbc) + "0"));
  EXPECT_FALSE(parse_sha256(std::string(kOfAbc).substr(1)));
  EXPECT_FALSE(parse_sha256('g' + std::string(kOfAbc).substr(1)));
  EXPECT_FALSE(parse_sha256(""));
}

}  // namespace
}  // namespace config

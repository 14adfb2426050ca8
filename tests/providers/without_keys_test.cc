#include "providers/without_keys.h"

#include <string>

#include <gtest/gtest.h>

namespace providers {
namespace {

TEST(WithoutKeys, TakesKeysOutOfWords) {
  const config::Secret key("tk-secret-1");
  EXPECT_EQ(without_keys("bad tk-secret-1 and tk-secret-1", key), "bad *** and ***");
  EXPECT_EQ(without_keys("key sk-or-v1-0123456789abcdef is bad", key), "key *** is bad");
  EXPECT_EQ(without_keys("sk-ab****yz", key), "***");
  EXPECT_EQ(without_keys("task-force and sk-x", key), "task-force and sk-x");
}

TEST(WithoutKeys, TakesOutAKeyAtTheCut) {
  const config::Secret key("tk-secret-1");
  const std::string words = std::string(495, 'x') + "tk-secret-1 tail";
  const auto told = without_keys(words, key);
  EXPECT_LE(told.size(), 500u);
  EXPECT_EQ(told.find("tk-s"), std::string::npos) << told;
}

}  // namespace
}  // namespace providers

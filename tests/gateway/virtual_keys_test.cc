#include "gateway/virtual_keys.h"

#include <gtest/gtest.h>

namespace gateway {
namespace {

config::Key key(std::string name, std::string_view secret, std::vector<std::string> models = {}) {
  config::Key out;
  out.name = config::KeyName(std::move(name));
  out.sha256 = sha256(secret);
  out.models = std::move(models);
  return out;
}

TEST(VirtualKeys, AreFoundByTheirSecretOnly) {
  const KeyTable table({key("ada", "tg-ada-secret"), key("bob", "tg-bob-secret")});
  ASSERT_NE(table.find("tg-ada-secret"), nullptr);
  EXPECT_EQ(table.find("tg-ada-secret")->name.str(), "ada");
  EXPECT_EQ(table.find("tg-bob-secret")->name.str(), "bob");
}

TEST(VirtualKeys, A07_NearMissesAreStrangers) {
  const std::string secret = "tg-0123456789abcdefghijklmnopqrstuv";
  const KeyTable table({key("ada", secret)});
  std::string last = secret;
  last.back() = 'w';
  std::string first = secret;
  first.front() = 'T';
  std::string digest;
  for (const auto byte : sha256(secret)) digest += static_cast<char>(byte);
  for (const std::string& near :
       {secret.substr(0, secret.size() / 2), secret.substr(0, secret.size() - 1), secret + "x",
        last, first, secret.substr(0, 20) + "zzzzzzzzzzzzzzz", secret + secret, digest,
        std::string()}) {
    EXPECT_EQ(table.find(near), nullptr) << near;
  }
}

TEST(VirtualKeys, AllowListsNameModelsOrPrefixes) {
  VirtualKey any;
  EXPECT_TRUE(any.allows("whatever"));
  VirtualKey some;
  some.models = {"reka-flash", "openai/*"};
  EXPECT_TRUE(some.allows("reka-flash"));
  EXPECT_FALSE(some.allows("reka-flash-3"));
  EXPECT_TRUE(some.allows("openai/gpt"));
  EXPECT_FALSE(some.allows("openai"));
}

TEST(Sha256, IsTheStandardDigest) {
  const config::Sha256 digest = sha256("abc");
  EXPECT_EQ(digest[0], 0xba);
  EXPECT_EQ(digest[1], 0x78);
  EXPECT_EQ(digest[31], 0xad);
}

}  // namespace
}  // namespace gateway

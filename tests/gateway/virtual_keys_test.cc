#include "gateway/virtual_keys.h"

#include <chrono>
#include <cmath>
#include <string>

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

constexpr config::Clock::Wall kNow{std::chrono::seconds(1'800'000'000)};

// The key's name, or what is wrong with the secret.
std::string found(const KeyTable& table, std::string_view secret, config::Clock::Wall now = kNow) {
  auto key = table.find(secret, now);
  return key ? (*key)->name.str() : std::string(config::to_string(key.error().code));
}

KeyTable::Secret stored(std::string_view secret, VirtualKey key) {
  return {sha256(secret), std::nullopt, std::make_shared<const VirtualKey>(std::move(key))};
}

TEST(VirtualKeys, AreFoundByTheirSecretOnly) {
  const KeyTable table({key("ada", "tg-ada-secret"), key("bob", "tg-bob-secret")});
  EXPECT_EQ(found(table, "tg-ada-secret"), "ada");
  EXPECT_EQ(found(table, "tg-bob-secret"), "bob");
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
    EXPECT_EQ(found(table, near), "invalid_key") << near;
  }
}

// Welch's t over interleaved lookups of a key that shares all but its end with a real one,
// and of one that shares nothing. Times are reported; only an order of magnitude, as an
// early end of a comparison would show, is asserted.
TEST(VirtualKeys, X02_LookingUpANearMissTakesNoLonger) {
  const std::string secret = "tg-0123456789abcdefghijklmnopqrstuv";
  const KeyTable table({key("ada", secret)});
  const std::string near = secret.substr(0, secret.size() - 1) + "w";
  const std::string far = "xx-zyxwvutsrqponmlkjihgfedcba98765432";
  struct Moments {
    double count = 0, mean = 0, squares = 0;
    void add(double value) {
      const double delta = value - mean;
      mean += delta / ++count;
      squares += delta * (value - mean);
    }
    double variance() const { return squares / (count - 1); }
  } moments[2];
  for (int sample = 0; sample < 200'000; ++sample) {
    const auto began = std::chrono::steady_clock::now();
    ASSERT_FALSE(table.find(sample % 2 == 0 ? near : far, kNow));
    const auto took = std::chrono::steady_clock::now() - began;
    if (took < std::chrono::microseconds(50)) {
      moments[sample % 2].add(std::chrono::duration<double, std::nano>(took).count());
    }
  }
  const double t =
      (moments[0].mean - moments[1].mean) / std::sqrt(moments[0].variance() / moments[0].count +
                                                      moments[1].variance() / moments[1].count);
  RecordProperty("t", std::to_string(t));
  RecordProperty("near_mean_ns", std::to_string(moments[0].mean));
  RecordProperty("far_mean_ns", std::to_string(moments[1].mean));
  EXPECT_LT(moments[0].mean, 2 * moments[1].mean);
  EXPECT_LT(moments[1].mean, 2 * moments[0].mean);
}

TEST(VirtualKeys, A20_AKeyIsGoodFromItsFirstSecondToTheOneBeforeItsLast) {
  VirtualKey term;
  term.name = config::KeyName("term");
  term.not_before = kNow;
  term.expires_at = kNow + std::chrono::seconds(60);
  const KeyTable table = KeyTable().with({}, std::vector{stored("s", term)});
  using std::chrono::nanoseconds;
  EXPECT_EQ(found(table, "s", kNow - nanoseconds(1)), "key_expired") << "not valid yet";
  EXPECT_EQ(found(table, "s", kNow), "term");
  EXPECT_EQ(found(table, "s", *term.expires_at - nanoseconds(1)), "term");
  EXPECT_EQ(found(table, "s", *term.expires_at), "key_expired");
  EXPECT_EQ(config::shape(config::ErrorCode::key_expired).http_status, 401);
}

TEST(VirtualKeys, AReplacedSecretIsGoodUntilItsOverlapEnds) {
  VirtualKey ada;
  ada.name = config::KeyName("ada");
  auto fresh = stored("new", ada);
  auto old = stored("old", ada);
  old.until = kNow + std::chrono::hours(1);
  const KeyTable table = KeyTable().with({}, std::vector{fresh, old});
  EXPECT_EQ(found(table, "old"), "ada");
  EXPECT_EQ(found(table, "new"), "ada");
  EXPECT_EQ(found(table, "old", *old.until), "key_expired");
  EXPECT_EQ(found(table, "new", *old.until), "ada");
}

TEST(VirtualKeys, AKeySwitchedOffIsNoKey) {
  VirtualKey off;
  off.enabled = false;
  const auto refused = KeyTable().with({}, std::vector{stored("s", off)}).find("s", {});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, config::ErrorCode::invalid_key);
  EXPECT_EQ(refused.error().message, "The API key is switched off. Ask whoever gave it to you.");
}

TEST(VirtualKeys, AChangedTableLeavesTheOldOneAsItWas) {
  VirtualKey ada;
  ada.name = config::KeyName("ada");
  const std::vector gone{stored("a", ada)};
  const KeyTable before = KeyTable({key("bob", "b")}).with({}, gone);
  VirtualKey eve;
  eve.name = config::KeyName("eve");
  const KeyTable after = before.with(gone, std::vector{stored("e", eve)});
  EXPECT_EQ(found(before, "a"), "ada");
  EXPECT_EQ(found(before, "e"), "invalid_key");
  EXPECT_EQ(found(after, "a"), "invalid_key");
  EXPECT_EQ(found(after, "b"), "bob");
  EXPECT_EQ(found(after, "e"), "eve");
  EXPECT_EQ(before.size(), 2U);
  EXPECT_EQ(after.size(), 2U);
}

TEST(VirtualKeys, TheConfigurationsKeyStaysWhereAnotherHasItsSecret) {
  VirtualKey eve;
  eve.name = config::KeyName("eve");
  const std::vector same{stored("a", eve)};
  const KeyTable table = KeyTable({key("ada", "a")}).with({}, same);
  EXPECT_EQ(found(table, "a"), "ada");
  EXPECT_EQ(table.size(), 1U);
  EXPECT_EQ(found(table.with(same, {}), "a"), "ada") << "also when the other goes";
}

TEST(VirtualKeys, RememberWhenTheyWereLastUsed) {
  const KeyTable table({key("ada", "a")});
  const VirtualKey& ada = **table.find("a", kNow);
  EXPECT_EQ(ada.last_use->at(), kNow);
  ASSERT_TRUE(table.find("a", kNow + std::chrono::milliseconds(5500)));
  EXPECT_EQ(ada.last_use->at(), kNow + std::chrono::seconds(5));
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

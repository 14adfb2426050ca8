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
    ASSERT_EQ(table.find(sample % 2 == 0 ? near : far), nullptr);
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

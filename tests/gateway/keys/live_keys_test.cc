#include "gateway/keys/live_keys.h"

#include <chrono>
#include <variant>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "config/text_file.h"
#include "gateway/limits/local_limiter.h"
#include "gateway/log.h"
#include "tests/support/temp_dir.h"

namespace gateway::keys {
namespace {

constexpr config::Clock::Wall kNow{std::chrono::seconds(1'800'000'000)};

StoredKey stored(const std::string& name, std::string_view secret) {
  StoredKey key;
  key.id = "key_" + name;
  key.name = name;
  key.secrets.push_back({config::sha256(secret), "hint", std::nullopt});
  return key;
}

std::string found(const KeyTable& table, std::string_view secret) {
  auto key = table.find(secret, kNow);
  return key ? (*key)->name.str() : std::string(config::to_string(key.error().code));
}

TEST(LiveKeys, EveryChangeReachesTheTable) {
  LiveKeys live({stored("ada", "a"), stored("bob", "b")});
  KeyTable table = KeyTable().with({}, live.secrets());
  EXPECT_EQ(found(table, "a"), "ada");

  table = live.with(table, stored("eve", "e"));
  EXPECT_EQ(found(table, "e"), "eve") << "made";

  StoredKey ada = stored("ada", "a2");
  ada.secrets.push_back({config::sha256("a"), "hint", kNow + std::chrono::hours(1)});
  table = live.with(table, ada);
  EXPECT_EQ(found(table, "a"), "ada") << "rotated with overlap";
  EXPECT_EQ(found(table, "a2"), "ada");

  ada.secrets.pop_back();
  table = live.with(table, ada);
  EXPECT_EQ(found(table, "a"), "invalid_key") << "and without";

  ada.enabled = false;
  table = live.with(table, ada);
  EXPECT_EQ(found(table, "a2"), "invalid_key") << "switched off";

  table = live.without(table, "key_bob");
  EXPECT_EQ(found(table, "b"), "invalid_key") << "deleted";
  EXPECT_EQ(table.size(), 2U);
}

TEST(LiveKeys, TheLastUseOutlivesAChangeAndIsToldOnce) {
  LiveKeys live({stored("ada", "a")});
  KeyTable table = KeyTable().with({}, live.secrets());
  EXPECT_TRUE(live.new_uses().empty());
  ASSERT_TRUE(table.find("a", kNow));
  table = live.with(table, stored("ada", "a2"));
  EXPECT_EQ(live.last_use("key_ada"), kNow);
  EXPECT_EQ(live.new_uses(), (std::vector<KeyStore::Use>{{"key_ada", kNow}}));
  EXPECT_TRUE(live.new_uses().empty());
  EXPECT_EQ(live.last_use("key_bob"), std::nullopt);
}

TEST(LiveKeys, ATagThatCannotBeReadIsToldOnceOfItsKey) {
  const test::TempDir folder;
  config::Log settings;
  settings.file = folder.file("log");
  {
    const auto logging = log::Logging::start(settings);
    ASSERT_TRUE(logging);
    StoredKey ada = stored("ada", "a");
    ada.settings.tags = {"project=x", "Not one"};
    LiveKeys live({ada});
    const KeyTable table = live.with(KeyTable().with({}, live.secrets()), ada);
    EXPECT_EQ((*table.find("a", kNow))->tags.size(), 1U);
  }
  const auto written = config::read_text_file(folder.file("log"), 100'000);
  const std::string said = std::get<config::FileText>(written).text;
  const auto first = said.find("Not one");
  EXPECT_NE(first, std::string::npos) << said;
  EXPECT_EQ(first, said.rfind("Not one")) << said;
}

// Times are reported, not asserted.
TEST(LiveKeys, AHundredThousandCostNoMoreToChangeAndToFindThanAHundred) {
  using Clock = std::chrono::steady_clock;
  for (const int count : {100, 100'000}) {
    std::vector<StoredKey> keys;
    for (int i = 0; i < count; ++i) {
      const std::string name = std::to_string(i);
      keys.push_back(stored(name, "secret " + name));
    }
    auto began = Clock::now();
    LiveKeys live(keys);
    KeyTable table = KeyTable().with({}, live.secrets());
    const auto built = Clock::now() - began;
    EXPECT_EQ(table.size(), keys.size());

    began = Clock::now();
    const KeyTable after = live.with(table, stored("77", "another"));
    const auto changed = Clock::now() - began;
    EXPECT_EQ(found(after, "another"), "77");
    EXPECT_EQ(found(table, "another"), "invalid_key") << "who has the old table keeps it";

    // Spread over all of them, so that the processor's caches do not flatter.
    constexpr int kLookUps = 100'000;
    std::vector<std::string> secrets;
    for (int i = 0; i < kLookUps; ++i) {
      const int one = static_cast<int>(i * 7919LL % count);
      secrets.push_back(fmt::format("secret {}", one == 77 ? 78 : one));
    }
    began = Clock::now();
    for (const std::string& secret : secrets) ASSERT_TRUE(after.find(secret, kNow));
    const auto look_ups = Clock::now() - began;
    fmt::print("{} keys: built in {} us, one changed in {} us, found in {} ns\n", count,
               built / std::chrono::microseconds(1), changed / std::chrono::microseconds(1),
               look_ups / kLookUps / std::chrono::nanoseconds(1));
  }
}

TEST(LiveKeys, CountInTheAccountsOfTheirNameAndTeam) {
  limits::LocalLimiter limiter;
  const auto now = limits::Now{config::Clock::Steady{}, kNow};
  config::Limits one_request;
  one_request.requests_per_minute = 1;
  limiter.configure({AccountKind::team, "ops"}, one_request, now);

  StoredKey ada = stored("ada", "a");
  ada.settings.team = "ops";
  LiveKeys live({ada}, &limiter);
  KeyTable table = KeyTable().with({}, live.secrets());
  const auto admitted = limiter.admit((*table.find("a", kNow))->payers, 1, now);
  EXPECT_TRUE(admitted);
  EXPECT_FALSE(limiter.admit((*table.find("a", kNow))->payers, 1, now)) << "its team's limit";
  ada.settings.team = "dev";
  table = live.with(table, ada);
  EXPECT_TRUE(limiter.admit((*table.find("a", kNow))->payers, 1, now)) << "in another team";
}

}  // namespace
}  // namespace gateway::keys

#include "gateway/keys/key_store.h"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <sys/stat.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gateway/keys/key_json.h"
#include "tests/gateway/keys/a_ledger.h"

namespace gateway::keys {
namespace {

using config::ErrorCode;
using std::chrono::hours;
using std::chrono::seconds;
using testing::HasSubstr;
using testing::Not;

constexpr config::Clock::Wall kNow{seconds(1'800'000'000)};

Settings some_settings() {
  Settings out;
  out.team = "Research";
  out.owner = "laptop 05";
  out.tags = {"person", "eu"};
  out.models = {"reka-flash", "openai/*"};
  out.allow_upstream_extras = true;
  out.allow_routing_override = true;
  out.limits.requests_per_minute = 60;
  out.limits.concurrent = 4;
  out.limits.budgets = {{*config::exact_usd("160.5"), config::Window::month, "Europe/Berlin"},
                        {*config::exact_usd("5"), config::Window::day, "UTC"}};
  out.not_before = kNow - hours(1);
  out.expires_at = kNow + hours(24);
  return out;
}

class Keys : public testing::Test {
 protected:
  StoredKey make(const std::string& name, const Settings& settings = {}) {
    last_ = make_secret(random_);
    return *store().create(make_id(random_), name, settings, last_.kept, "", {"admin", kNow});
  }
  KeyStore& store() { return ledger_.store(); }

  ALedger ledger_;
  Random random_ = counting();
  NewSecret last_;
};

TEST_F(Keys, AreReadAsTheyWereMade) {
  const auto made = make("dev-05", some_settings());
  for (const auto& found : {store().find(made.id), store().find("dev-05")}) {
    ASSERT_TRUE(found) << found.error().detail;
    EXPECT_EQ(found->id, made.id);
    EXPECT_EQ(found->name, "dev-05");
    EXPECT_EQ(settings_text(found->settings), settings_text(some_settings()));
    EXPECT_EQ(found->settings.limits, some_settings().limits);
    EXPECT_TRUE(found->enabled);
    EXPECT_EQ(found->created_at, kNow);
    EXPECT_EQ(found->last_used_at, std::nullopt);
    EXPECT_EQ(found->version, 1);
    ASSERT_EQ(found->secrets.size(), 1U);
    EXPECT_EQ(found->secrets[0].digest, config::sha256(last_.text.reveal()));
    EXPECT_EQ(found->secrets[0].hint, last_.kept.hint);
  }
}

TEST_F(Keys, HaveNamesOfTheirOwn) {
  make("ada");
  const auto again =
      store().create("key_x", "ada", {}, make_secret(random_).kept, "", {"admin", kNow});
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, ErrorCode::conflict);
  EXPECT_EQ(store().all()->size(), 1U);
}

TEST_F(Keys, ARequestMadeTwiceMakesOneKey) {
  ASSERT_TRUE(
      store().create("key_1", "ada", {}, make_secret(random_).kept, "once", {"admin", kNow}));
  const auto again =
      store().create("key_2", "bob", {}, make_secret(random_).kept, "once", {"admin", kNow});
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, ErrorCode::conflict);
  EXPECT_THAT(again.error().message, HasSubstr("`ada`"));
}

TEST_F(Keys, AChangeIsRefusedToWhoHasNotSeenTheLast) {
  const auto key = make("ada");
  const auto to_team = [](const char* team) {
    return [team](StoredKey& changed) -> config::Result<void> {
      changed.settings.team = team;
      return {};
    };
  };
  const auto first = store().change(key.id, 1, "change", to_team("one"), {"admin", kNow});
  ASSERT_TRUE(first);
  EXPECT_EQ(first->before.settings.team, "");
  EXPECT_EQ(first->after.settings.team, "one");
  EXPECT_EQ(first->after.version, 2);
  const auto late = store().change(key.id, 1, "change", to_team("two"), {"admin", kNow});
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code, ErrorCode::conflict);
  EXPECT_THAT(late.error().message, HasSubstr("version is 2, not 1"));
  EXPECT_TRUE(store().change(key.id, std::nullopt, "change", to_team("three"), {"admin", kNow}));
  EXPECT_EQ(store().find(key.id)->settings.team, "three");
}

TEST_F(Keys, AChangeThatIsRefusedLeavesNothing) {
  const auto key = make("ada");
  const auto refuse = [](StoredKey& changed) -> config::Result<void> {
    changed.settings.team = "half";
    return config::invalid_request("no");
  };
  EXPECT_FALSE(store().change(key.id, std::nullopt, "change", refuse, {"admin", kNow}));
  EXPECT_EQ(store().find(key.id)->settings.team, "");
  EXPECT_EQ(store().audit(0, 10)->size(), 1U);
}

TEST_F(Keys, AChangeThatChangesNothingIsNone) {
  const auto key = make("ada");
  const auto leave = [](StoredKey&) -> config::Result<void> { return {}; };
  const auto same = store().change(key.id, std::nullopt, "change", leave, {"admin", kNow});
  ASSERT_TRUE(same);
  EXPECT_EQ(same->after.version, 1);
  EXPECT_EQ(store().find(key.id)->version, 1);
  EXPECT_EQ(store().audit(0, 10)->size(), 1U);
  EXPECT_FALSE(store().change(key.id, 2, "change", leave, {"admin", kNow})) << "never seen";
}

TEST_F(Keys, RotationKeepsTheOldSecretForTheOverlap) {
  const auto key = make("ada");
  const auto old = last_.kept;
  const auto fresh = make_secret(random_).kept;
  const auto rotated =
      store().rotate(key.id, std::nullopt, fresh, kNow + hours(1), {"admin", kNow + seconds(1)});
  ASSERT_TRUE(rotated) << rotated.error().detail;
  for (const StoredKey& after : {rotated->after, *store().find(key.id)}) {
    ASSERT_EQ(after.secrets.size(), 2U);
    EXPECT_EQ(after.secrets[0].digest, fresh.digest);
    EXPECT_EQ(after.secrets[0].until, std::nullopt);
    EXPECT_EQ(after.secrets[1].digest, old.digest);
    EXPECT_EQ(after.secrets[1].until, kNow + hours(1));
    EXPECT_EQ(after.version, 2);
  }
  // Rotated again: an overlap is never made longer, and what has ended is forgotten.
  const auto third = make_secret(random_).kept;
  EXPECT_EQ(store().rotate(key.id, 1, third, kNow, {"admin", kNow}).error().code,
            config::ErrorCode::conflict)
      << "whoever rotates has seen another version";
  ASSERT_TRUE(
      store().rotate(key.id, std::nullopt, third, kNow + hours(9), {"admin", kNow + seconds(2)}));
  EXPECT_EQ(store().find(key.id)->secrets.at(2).until, kNow + hours(1));
  ASSERT_TRUE(store().rotate(key.id, std::nullopt, make_secret(random_).kept, kNow + hours(9),
                             {"admin", kNow + hours(2)}));
  const auto left = store().find(key.id)->secrets;
  ASSERT_EQ(left.size(), 3U);
  for (const auto& secret : left) EXPECT_NE(secret.digest, old.digest);
}

TEST_F(Keys, ADeletedKeyLeavesItsNameAndTheLog) {
  const auto key = make("ada");
  const auto gone = store().remove("ada", std::nullopt, {"cli root", kNow});
  ASSERT_TRUE(gone);
  EXPECT_EQ(gone->id, key.id);
  EXPECT_EQ(store().find(key.id).error().code, ErrorCode::not_found);
  EXPECT_TRUE(store().all()->empty());
  make("ada");
  const auto log = *store().audit(0, 10);
  ASSERT_EQ(log.size(), 3U);
  EXPECT_EQ(log[1].action, "delete");
  EXPECT_EQ(log[1].who, "cli root");
  EXPECT_EQ(log[1].subject, key.id);
  EXPECT_THAT(log[1].before, HasSubstr(R"("name":"ada")"));
  EXPECT_EQ(log[1].after, "");
}

TEST_F(Keys, TheLogSaysWhoDidWhatAndShowsItInPages) {
  const auto key = make("ada");
  for (int i = 0; i < 4; ++i) {
    const auto flip = [](StoredKey& changed) -> config::Result<void> {
      changed.enabled = !changed.enabled;
      return {};
    };
    ASSERT_TRUE(
        store().change(key.id, std::nullopt, "disable", flip, {"admin", kNow + seconds(i)}));
  }
  const auto first = *store().audit(0, 3);
  ASSERT_EQ(first.size(), 3U);
  EXPECT_EQ(first[0].at, kNow + seconds(3));
  const auto rest = *store().audit(first.back().id, 3);
  ASSERT_EQ(rest.size(), 2U);
  EXPECT_EQ(rest[1].action, "create");
  EXPECT_THAT(rest[0].before, HasSubstr(R"("enabled":true)"));
  EXPECT_THAT(rest[0].after, HasSubstr(R"("enabled":false)"));
}

TEST_F(Keys, LastUsesAreNoChange) {
  const auto key = make("ada");
  ASSERT_TRUE(store().note_uses(std::vector<KeyStore::Use>{{key.id, kNow}, {"key_gone", kNow}}));
  ASSERT_TRUE(store().note_uses(std::vector<KeyStore::Use>{{key.id, kNow - hours(1)}}));
  EXPECT_EQ(store().find(key.id)->last_used_at, kNow) << "never goes back";
  EXPECT_EQ(store().find(key.id)->version, 1);
  EXPECT_EQ(store().audit(0, 10)->size(), 1U);
}

TEST_F(Keys, A10_NothingAskedForIsPartOfAQuery) {
  make("ada");
  for (const char* name : {"' OR '1'='1", "ada' --", "%", "_da", "*", "a\0da"}) {
    EXPECT_EQ(store().find(name).error().code, ErrorCode::not_found) << name;
  }
}

TEST_F(Keys, A25_TheDatabaseIsTheOwnersAndHoldsNoSecret) {
  std::vector<std::string> secrets;
  const auto key = make("ada", some_settings());
  secrets.emplace_back(last_.text.reveal());
  const auto fresh = make_secret(random_);
  secrets.emplace_back(fresh.text.reveal());
  ASSERT_TRUE(store().rotate(key.id, std::nullopt, fresh.kept, kNow + hours(1), {"admin", kNow}));
  for (const char* ending : {"", "-wal", "-shm"}) {
    const std::string path = ledger_.path() + ending;
    if (!std::filesystem::exists(path)) continue;
    struct stat about{};
    ASSERT_EQ(::stat(path.c_str(), &about), 0);
    EXPECT_EQ(about.st_mode & 0777, 0600U) << path;
    std::ifstream file(path, std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(file), {}};
    for (const std::string& secret : secrets) {
      EXPECT_EQ(bytes.find(secret), std::string::npos) << path;
      EXPECT_EQ(bytes.find(secret.substr(6, 32)), std::string::npos) << "not even half of it";
    }
  }
}

}  // namespace
}  // namespace gateway::keys

#include "gateway/keys/key_json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gateway/keys/secret.h"
#include "gateway/keys/timestamps.h"
#include "tests/gateway/keys/a_ledger.h"

namespace gateway::keys {
namespace {

using testing::HasSubstr;

config::Result<Settings> read(std::string_view text, Settings settings = {}) {
  providers::JsonDocument document;
  document.read(text);
  const providers::Place place;
  providers::StrictObject object(document.root(), place);
  read_settings(object, settings);
  auto done = object.done();
  if (!done) return done.error();
  return settings;
}

TEST(KeySettings, AreReadAndWrittenTheSame) {
  constexpr std::string_view kText =
      R"({"team":"t","owner":"o","tags":["a"],"models":["m","n*"],"allow_upstream_extras":true,)"
      R"("allow_routing_override":true,"limits":{"rpm":60,"tpm":60000,"concurrent":4},"not_before":"2026-11-01T00:00:00Z",)"
      R"("expires_at":"2026-12-01T00:00:00Z",)"
      R"("budgets":[{"window":"month","zone":"Europe/Berlin","limit":"160"}]})";
  const auto settings = read(kText);
  ASSERT_TRUE(settings) << settings.error().message;
  EXPECT_EQ(settings_text(*settings), kText);
  EXPECT_EQ(settings_text(*parse_settings(settings_text(*settings))), kText);
  EXPECT_EQ(settings_text(*parse_settings(settings_text({}))), settings_text({}));
}

TEST(KeySettings, WhatIsNotGivenStaysAndNullEmpties) {
  Settings before;
  before.team = "t";
  before.owner = "o";
  before.models = {"m"};
  before.limits.requests_per_minute = 5;
  before.limits.tokens_per_minute = 6;
  before.limits.budgets = {{{1}, config::Window::day, "UTC"}};
  before.expires_at = config::Clock::Wall(std::chrono::seconds(1));
  auto after = *read(R"({"team":"u","limits":{"rpm":7}})", before);
  EXPECT_EQ(after.team, "u");
  EXPECT_EQ(after.owner, "o");
  EXPECT_EQ(after.limits.requests_per_minute, 7);
  EXPECT_EQ(after.limits.tokens_per_minute, 6);
  EXPECT_EQ(after.limits.budgets, before.limits.budgets);
  EXPECT_EQ(after.expires_at, before.expires_at);
  after = *read(R"({"team":null,"models":null,"limits":null,"expires_at":null})", before);
  EXPECT_EQ(after.team, "");
  EXPECT_TRUE(after.models.empty());
  EXPECT_EQ(after.limits.requests_per_minute, std::nullopt);
  EXPECT_EQ(after.limits.budgets, before.limits.budgets) << "budgets are a member of their own";
  EXPECT_EQ(after.expires_at, std::nullopt);
  EXPECT_TRUE(read(R"({"models":["*"]})", before)->models.empty());
  EXPECT_TRUE(read(R"({"budgets":[]})", before)->limits.budgets.empty());
}

TEST(KeySettings, EachFaultIsNamed) {
  struct Case {
    const char* text;
    const char* param;
    const char* message;
  };
  for (const Case& wrong : {
           Case{R"({"taem":"x"})", "taem", "did you mean \"team\"?"},
           Case{R"({"team":5})", "team", "must be a string"},
           Case{R"({"team":"a\nb"})", "team", "one line"},
           Case{R"({"team":"x","team":"y"})", "team", "more than once"},
           Case{R"({"models":[]})", "models", "is all"},
           Case{R"({"models":[""]})", "models[0]", "not empty"},
           Case{R"({"tags":"person"})", "tags", "a list of strings"},
           Case{R"({"limits":{"rpm":0}})", "limits.rpm", "from 1 to"},
           Case{R"({"limits":{"rpm":1.5}})", "limits.rpm", "whole number"},
           Case{R"({"limits":{"rps":1}})", "limits.rps", "did you mean \"rpm\"?"},
           Case{R"({"budgets":[{"window":"year","limit":"1"}]})", "budgets[0].window", "month"},
           Case{R"({"budgets":[{"window":"day","limit":1}]})", "budgets[0].limit", "a string"},
           Case{R"({"budgets":[{"window":"day","limit":"-1"}]})", "budgets[0].limit", "above zero"},
           Case{R"({"budgets":[{"window":"day","limit":"0.0000000000001"}]})", "budgets[0].limit",
                "decimal"},
           Case{R"({"budgets":[{"window":"day"}]})", "budgets[0].limit", "above zero"},
           Case{R"({"budgets":[{"window":"day","limit":"1"},{"window":"day","limit":"2"}]})",
                "budgets[1]", "the only one"},
           Case{R"({"expires_at":"tomorrow"})", "expires_at", "2026-12-01T00:00:00Z"},
           Case{R"([])", "", "JSON object"},
       }) {
    const auto settings = read(wrong.text);
    ASSERT_FALSE(settings) << wrong.text;
    EXPECT_EQ(settings.error().param, wrong.param) << wrong.text;
    EXPECT_THAT(settings.error().message, HasSubstr(wrong.message)) << wrong.text;
  }
}

TEST(KeySettings, NameModelsAndZonesThatExist) {
  config::Model model;
  model.name = config::ModelName("reka-flash");
  const std::vector<config::Model> models{model};
  EXPECT_TRUE(check_settings(*read(R"({"models":["reka-flash"]})"), models));
  EXPECT_TRUE(check_settings(*read(R"({"models":["reka-*"]})"), models));
  const auto unknown = check_settings(*read(R"({"models":["reka-flsh"]})"), models);
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().param, "models[0]");
  EXPECT_THAT(unknown.error().message, HasSubstr("did you mean \"reka-flash\"?"));
  const auto zone = check_settings(
      *read(R"({"budgets":[{"window":"day","limit":"1","zone":"Europe/Berlim"}]})"), models);
  ASSERT_FALSE(zone);
  EXPECT_EQ(zone.error().param, "budgets[0].zone");
  EXPECT_THAT(zone.error().message, HasSubstr("Europe/Berlin"));
  const auto backwards = check_settings(
      *read(R"({"not_before":"2026-12-01T00:00:00Z","expires_at":"2026-12-01T00:00:00Z"})"),
      models);
  ASSERT_FALSE(backwards);
  EXPECT_EQ(backwards.error().param, "expires_at");
}

TEST(KeySettings, TagsAreThoseThatReportsCanNameSomethingBy) {
  EXPECT_TRUE(check_settings(*read(R"({"tags":["person","project=Atlas 2"]})"), {}));
  for (const char* wrong : {"Person", "a b", "=x", "project=", "project=a,b", "prôject"}) {
    Settings settings;
    settings.tags = {"person", wrong};
    const auto checked = check_settings(settings, {});
    ASSERT_FALSE(checked) << wrong;
    EXPECT_EQ(checked.error().param, "tags[1]");
    EXPECT_THAT(checked.error().message, HasSubstr("is no tag. Write project=x"));
  }
  Settings many;
  for (int i = 0; i < 9; ++i) many.tags.push_back("n=" + std::to_string(i));
  EXPECT_EQ(check_settings(many, {}).error().param, "tags");
}

TEST(KeyState, FollowsTheClock) {
  const config::Clock::Wall now{std::chrono::seconds(1'800'000'000)};
  StoredKey key;
  EXPECT_EQ(state_of(key, now), "active");
  key.settings.not_before = now + std::chrono::seconds(1);
  EXPECT_EQ(state_of(key, now), "not_yet_valid");
  key.settings.not_before = now;
  key.settings.expires_at = now + std::chrono::seconds(1);
  EXPECT_EQ(state_of(key, now), "active");
  key.settings.expires_at = now;
  EXPECT_EQ(state_of(key, now), "expired");
  key.enabled = false;
  EXPECT_EQ(state_of(key, now), "disabled");
}

TEST(Timestamps, AreRfc3339) {
  EXPECT_EQ(to_timestamp(*parse_timestamp("2026-12-01T00:00:00Z")), "2026-12-01T00:00:00Z");
  EXPECT_EQ(to_timestamp(*parse_timestamp("2026-12-01T00:00:00+01:00")), "2026-11-30T23:00:00Z");
  EXPECT_EQ(to_timestamp(*parse_timestamp("2024-02-29T23:59:59-05:30")), "2024-03-01T05:29:59Z");
  for (const char* wrong :
       {"", "2026-12-01", "2026-12-01T00:00:00", "2026-12-01 00:00:00Z", "2026-02-30T00:00:00Z",
        "2026-12-01T25:00:00Z", "2026-12-01T00:00:00z", "2026-12-01T00:00:00+1:00",
        "2026-12-01T00:00:00Z ", "1969-12-31T23:59:59Z", "2300-01-01T00:00:00Z",
        " 026-12-01T00:00:00Z"}) {
    EXPECT_EQ(parse_timestamp(wrong), std::nullopt) << wrong;
  }
}

TEST(Secrets, AreLongRandomAndShownAsAHint) {
  const Random random = counting();
  const auto first = make_secret(random);
  const auto second = make_secret(random);
  EXPECT_EQ(first.text.reveal(),
            "sk-tg-0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20");
  EXPECT_EQ(first.kept.hint, "sk-tg-0102…1f20");
  EXPECT_EQ(first.kept.digest, config::sha256(first.text.reveal()));
  EXPECT_NE(first.kept.digest, second.kept.digest);
  EXPECT_EQ(fmt::format("{}", first.text), "***");
  EXPECT_EQ(make_id(counting()), "key_0102030405060708");
}

TEST(Secrets, ComeFromTheSystem) {
  EXPECT_NE(make_secret(system_random).kept.digest, make_secret(system_random).kept.digest);
}

}  // namespace
}  // namespace gateway::keys

// Limits of keys, teams and the gateway as the file has them.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/load.h"
#include "tests/config/loading.h"

namespace config {
namespace {

using test::kModels;
using test::kProviders;
using test::kSmall;
using test::loaded;
using test::problems_of;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr std::int64_t kUsd = 1'000'000'000'000;

TEST(LimitsOfAFile, AreReadForKeysTeamsAndTheGateway) {
  const auto config = loaded(
      "keys:\n"
      "  - name: ada\n"
      "    sha256: a665a45920422f9d417e4867efdc4fb8a04a1f3fff1fa07e998e86f7f7a27ae3\n"
      "    limits: {requests_per_minute: 60, concurrent: 4, budgets: [{usd: 0.5, window: hour}]}\n"
      "teams:\n"
      "  - name: research\n"
      "    limits: {tokens_per_minute: 1000, budgets: [{usd: 100, zone: Europe/Berlin},\n"
      "      {usd: \"0.000000000001\", window: total}]}\n"
      "  - {name: idle}\n"
      "limits: {concurrent: 7}\n" +
      kProviders + kModels);
  Limits ada;
  ada.requests_per_minute = 60;
  ada.concurrent = 4;
  ada.budgets = {{PicoUsd{kUsd / 2}, Window::hour, "UTC"}};
  EXPECT_EQ(config.keys.at(0).limits, ada);
  ASSERT_EQ(config.teams.size(), 2u);
  EXPECT_EQ(config.teams[0].name.str(), "research");
  EXPECT_EQ(config.teams[0].limits.tokens_per_minute, 1000);
  EXPECT_THAT(config.teams[0].limits.budgets,
              ElementsAre(Budget{PicoUsd{100 * kUsd}, Window::month, "Europe/Berlin"},
                          Budget{PicoUsd{1}, Window::total, "UTC"}));
  EXPECT_EQ(config.teams[1].limits, Limits{});
  EXPECT_EQ(config.limits.concurrent, 7);
}

TEST(LimitsOfAFile, NothingWrittenLimitsNothing) {
  const auto config = loaded(kSmall + "limits:\nteams:\n");
  EXPECT_EQ(config.limits, Limits{});
  EXPECT_EQ(config.keys.at(0).limits, Limits{});
  EXPECT_THAT(config.teams, IsEmpty());
}

TEST(LimitsOfAFile, WhatIsWrongIsToldByPath) {
  EXPECT_THAT(
      problems_of(kSmall + "limits:\n"
                           "  requests_per_minute: 0\n"
                           "  budgets:\n"
                           "    - {usd: -1}\n"
                           "    - {window: day, usd: 1, zone: Europe/Berlim}\n"
                           "    - {window: fortnight, usd: 1.0000000000001, zone: Asia/Tokyo}\n"
                           "    - {window: week, usd: 1}\n"
                           "    - {window: week, usd: 2, zone: UTC}\n"
                           "    - {zone: Asia/Kolkata}\n"
                           "teams: [{name: a}, {name: a}, {limits: {}}]\n"),
      ElementsAre(
          "t.yaml:9: limits.requests_per_minute: must be a whole number from 1 to 2147483647, not "
          "\"0\"",
          "t.yaml:11: limits.budgets[0].usd: must be USD as a plain decimal of at most 12 places, "
          "up to 9000000, not \"-1\"",
          "t.yaml:12: limits.budgets[1].zone: no time zone is called \"Europe/Berlim\"; did you "
          "mean \"Europe/Berlin\"?",
          "t.yaml:13: limits.budgets[2].usd: must be USD as a plain decimal of at most 12 places, "
          "up to 9000000, not \"1.0000000000001\"",
          "t.yaml:13: limits.budgets[2].window: must be one of hour, day, week, month, total, not "
          "\"fortnight\"",
          "t.yaml:15: limits.budgets[4]: is the second budget for window week in zone UTC; one of "
          "them would do",
          "t.yaml:16: limits.budgets[5]: \"usd\" is missing",
          "t.yaml:17: teams[1]: the team \"a\" already stands in line 17",
          "t.yaml:17: teams[2]: \"name\" is missing"));
}

TEST(LimitsOfAFile, ReservesAndClientsThatLeaveAreReadToo) {
  const auto config = loaded(test::kKeys + kProviders +
                             "models:\n"
                             "  - name: fast\n"
                             "    reserve_output_tokens: 250\n"
                             "    targets: [{provider: near, model: m, price: unknown, "
                             "on_client_gone: drain}]\n");
  EXPECT_EQ(config.models[0].reserve_output_tokens, 250);
  EXPECT_EQ(config.models[0].targets[0].on_client_gone, OnClientGone::drain);
}

}  // namespace
}  // namespace config

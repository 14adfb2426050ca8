#include "gateway/watched_targets.h"

#include <gmock/gmock.h>

namespace gateway {
namespace {

using testing::ElementsAre;
using testing::Pair;

config::Model model(std::string name, std::string asked) {
  config::Target target;
  target.kind = "openai";
  target.model = asked;
  target.name = config::TargetName("p/" + asked);
  config::Model out;
  out.name = config::ModelName(std::move(name));
  out.targets.push_back(std::move(target));
  return out;
}

TEST(WatchedTargets, WhatAPatternStandsForBelongsToTheTargetOfThatName) {
  config::Config config;
  config.models = {model("any/*", "*"), model("small", "small"), model("little", "small")};
  const auto snapshot = *Snapshot::build(std::move(config));
  upstream::CircuitBreakers breakers;
  auto* const small = breakers.make("p/small", "p/*");
  auto* const large = breakers.make("p/large", "p/*");
  breakers.make("p/gone", "p/gone");

  const auto watched = watched_targets(*snapshot, breakers);
  ASSERT_EQ(watched.size(), 2U);
  EXPECT_TRUE(watched.at("p/*").pattern());
  EXPECT_THAT(watched.at("p/*").breakers, ElementsAre(Pair("p/large", large)));
  EXPECT_FALSE(watched.at("p/small").pattern());
  EXPECT_THAT(watched.at("p/small").breakers, ElementsAre(Pair("p/small", small)));
  EXPECT_THAT(watched.at("p/small").routes, ElementsAre("small", "little"));
}

}  // namespace
}  // namespace gateway

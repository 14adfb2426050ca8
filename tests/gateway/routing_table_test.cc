#include "gateway/routing_table.h"

#include <gtest/gtest.h>

namespace gateway {
namespace {

config::Target target(std::string kind, std::string model) {
  config::Target out;
  out.kind = std::move(kind);
  out.model = std::move(model);
  out.name = config::TargetName("p/" + out.model);
  return out;
}

config::Model model(std::string name, std::vector<config::Target> targets,
                    std::vector<std::string> aliases = {}) {
  config::Model out;
  out.name = config::ModelName(std::move(name));
  out.aliases = std::move(aliases);
  out.targets = std::move(targets);
  return out;
}

struct RoutingTableTest : testing::Test {
  std::string found(std::string_view asked) {
    auto match = table().find(asked, key);
    if (!match) return std::string(config::shape(match.error().code).openai_code);
    return match->route->model->name.str() + (match->rest.empty() ? "" : " + " + match->rest);
  }
  const RoutingTable& table() {
    if (!built) built = *RoutingTable::build(models);
    return *built;
  }
  std::vector<config::Model> models{
      model("flash", {target("openai", "a")}, {"fast"}),
      model("acme/*", {target("openai", "*")}),
      model("acme/large/*", {target("openai", "*")}),
  };
  VirtualKey key;
  std::optional<RoutingTable> built;
};

TEST_F(RoutingTableTest, ExactNamesAndAliasesComeBeforeWildcards) {
  EXPECT_EQ(found("flash"), "flash");
  EXPECT_EQ(found("fast"), "flash");
  EXPECT_EQ(found("acme/x"), "acme/* + x");
}

TEST_F(RoutingTableTest, TheLongestWildcardPrefixWins) {
  EXPECT_EQ(found("acme/large/x"), "acme/large/* + x");
  EXPECT_EQ(found("acme/large"), "acme/* + large");
}

TEST_F(RoutingTableTest, AWildcardStandsForSomething) {
  EXPECT_EQ(found("acme/"), "model_not_found");
  EXPECT_EQ(found(""), "model_not_found");
  EXPECT_EQ(found("*"), "model_not_found");
}

TEST_F(RoutingTableTest, WhatAKeyMayNotUseIsUnknownToIt) {
  key.models = {"acme/small"};
  EXPECT_EQ(found("flash"), "model_not_found");
  EXPECT_EQ(found("fast"), "model_not_found");
  EXPECT_EQ(found("acme/large/x"), "model_not_found");
  EXPECT_EQ(found("acme/small"), "acme/* + small");
}

TEST_F(RoutingTableTest, LongUnknownNamesAreNotRepeated) {
  auto match = table().find(std::string(5000, 'x'), key);
  ASSERT_FALSE(match);
  EXPECT_LT(match.error().message.size(), 300U);
  EXPECT_EQ(match.error().param, "model");
}

TEST_F(RoutingTableTest, ResearchNeverStandsInForAChatModel) {
  models.push_back(
      model("mixed", {target("reka_research", "reka-flash-research"), target("openai", "a")}));
  auto mixed = RoutingTable::build(models);
  ASSERT_FALSE(mixed);
  EXPECT_NE(mixed.error().message.find("mixed"), std::string::npos);
}

}  // namespace
}  // namespace gateway

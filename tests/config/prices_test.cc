#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/load.h"
#include "config/price_table.h"
#include "tests/config/loading.h"

namespace config {
namespace {

using test::kKeys;
using test::loaded;

const std::string kFolder = std::string(TOLLGATE_SOURCE_DIR) + "/config/";

// The one target's price where only the shipped price files say it.
Price shipped(const std::string& provider, const std::string& model) {
  const auto config = loaded(
      kKeys + "prices: [" + kFolder + "prices/reka.yaml, " + kFolder + "prices/openrouter.yaml, " +
      kFolder + "prices/haimaker.yaml]\n" + "providers: [{name: " + provider +
      ", kind: openai, base_url: \"https://a.example\"}]\n" +
      "models: [{name: m, targets: [{provider: " + provider + ", model: " + model + "}]}]\n");
  if (config.models.empty() || config.models[0].targets.empty()) return {};
  return config.models[0].targets[0].price.value_or(Price{});
}

// tokens × price, summed: what a request costs.
std::string cost(const Price& price, std::int64_t prompt, std::int64_t completion) {
  const auto sum =
      checked_add(*checked_cost(prompt, price.input), *checked_cost(completion, price.output));
  return to_usd(*checked_add(*sum, price.per_request));
}

TEST(Prices, RekaEdgeAtOpenRouterAsItsPageSays) {
  // 0.10 and 0.10 a million: 12,000 in and 500 out are 0.0012 + 0.00005.
  const auto price = shipped("openrouter", "rekaai/reka-edge");
  EXPECT_EQ(cost(price, 12'000, 500), "0.00125");
  EXPECT_EQ(cost(price, 1'000'000, 0), "0.1");
}

TEST(Prices, RekaFlash3AtHaimakerAsItsPageSays) {
  // 0.10 and 0.20 a million: 11 in and 19 out are 0.0000011 + 0.0000038.
  const auto price = shipped("haimaker", "rekaai/reka-flash-3");
  EXPECT_EQ(cost(price, 11, 19), "0.0000049");
  // The whole window, answered in full: 65,536 × 0.10 + 65,536 × 0.20 a million.
  EXPECT_EQ(cost(price, 65'536, 65'536), "0.0196608");
}

TEST(Prices, ResearchIsPaidByTheRequest) {
  const auto price = shipped("reka", "reka-flash-research");
  EXPECT_EQ(cost(price, 900, 210), "0.025");
  EXPECT_EQ(to_usd(price.per_request_variants.at("parallel_low")), "0.035");
  EXPECT_EQ(to_usd(price.per_request_variants.at("parallel_high")), "0.06");
}

TEST(Prices, RekaCoreOnPremisesExampleOf2024) {
  // 10 and 25 a million: 14 in and 60 out are 0.00014 + 0.0015.
  EXPECT_EQ(cost(shipped("reka", "reka-core-20240501"), 14, 60), "0.00164");
}

TEST(Prices, ATargetsOwnPriceComesFirst) {
  const auto config = loaded(
      kKeys + "prices: [" + kFolder + "prices/openrouter.yaml]\n" +
      "providers: [{name: mine, prices_of: openrouter, kind: openai, base_url: "
      "\"https://a.example\"}]\n"
      "models:\n"
      "  - {name: a, targets: [{provider: mine, model: rekaai/reka-edge}]}\n"
      "  - {name: b, targets: [{provider: mine, model: rekaai/reka-edge, price: "
      "{usd_per_million_input: 1.5, usd_per_million_output: 2, usd_per_million_cached_read: "
      "0.15}}]}\n"
      "  - {name: c, targets: [{provider: mine, model: rekaai/reka-edge, price: unknown}]}\n");
  ASSERT_EQ(config.models.size(), 3u);
  EXPECT_EQ(config.models[0].targets[0].price->input.value, 100'000);
  EXPECT_EQ(config.models[1].targets[0].price->input.value, 1'500'000);
  EXPECT_EQ(config.models[1].targets[0].price->cached_read->value, 150'000);
  EXPECT_FALSE(config.models[1].targets[0].price->cached_write);
  EXPECT_FALSE(config.models[2].targets[0].price);
}

TEST(PriceTable, ExactRowsComeBeforeTheLongestPattern) {
  const ProviderName p("p");
  PriceTable table;
  const auto priced = [](std::int64_t value) {
    Price price;
    price.input = {value};
    return price;
  };
  EXPECT_TRUE(table.add(p, "a/b", priced(1)));
  EXPECT_TRUE(table.add(p, "a/*", priced(2)));
  EXPECT_TRUE(table.add(p, "*", priced(3)));
  EXPECT_FALSE(table.add(p, "a/b", priced(4)));
  EXPECT_EQ(table.find(p, "a/b")->input.value, 1);
  EXPECT_EQ(table.find(p, "a/c")->input.value, 2);
  EXPECT_EQ(table.find(p, "a/*")->input.value, 2);
  EXPECT_EQ(table.find(p, "b")->input.value, 3);
  EXPECT_EQ(table.find(p, "")->input.value, 3);
  EXPECT_EQ(table.find(ProviderName("q"), "a/b"), nullptr);
}

TEST(Prices, AFileThatCannotBeReadIsTheOnlyProblem) {
  const auto problems =
      test::problems_of(kKeys + test::kProviders + "prices: [nowhere.yaml]\n" +
                        "models: [{name: fast, targets: [{provider: near, model: m}]}]\n");
  EXPECT_THAT(problems, testing::ElementsAre(testing::HasSubstr("nowhere.yaml cannot be read")));
}

}  // namespace
}  // namespace config

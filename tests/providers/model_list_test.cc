#include "providers/model_list.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace providers {
namespace {

std::vector<std::string> ids(std::string_view body) {
  const auto models = read_model_list(body);
  std::vector<std::string> out;
  if (!models) return {"error"};
  for (const OfferedModel& model : *models) out.push_back(model.id);
  return out;
}

TEST(ModelList, ABareArrayAndAnObjectSayTheSame) {
  const auto expected = testing::ElementsAre("reka-core", "reka-flash");
  EXPECT_THAT(ids(R"([{"id":"reka-core"},{"id":"reka-flash"}])"), expected);
  EXPECT_THAT(ids(R"({"object":"list","data":[{"id":"reka-core"},{"id":"reka-flash"}]})"),
              expected);
  EXPECT_THAT(ids(R"(["reka-core","reka-flash"])"), expected);
}

TEST(ModelList, RowsThatAreNoModelsAreLeftOut) {
  EXPECT_THAT(ids(R"({"data":[{"id":"*"},{"id":"openai/*"},{"id":"a/b"},{"name":"x"},7]})"),
              testing::ElementsAre("a/b"));
}

TEST(ModelList, LengthsAndPricesAreReadWhereTheyAreSaid) {
  const auto models = read_model_list(R"({"data":[
    {"id":"a","context_length":16384,"pricing":{"prompt":"0.0000001","completion":"2e-7"}},
    {"id":"b","max_model_len":4096,"context_length":null,"pricing":{"prompt":"-1"}}]})");
  ASSERT_TRUE(models);
  EXPECT_EQ(models->at(0).context_length, 16'384);
  EXPECT_EQ(models->at(0).input, config::PicoUsdPerToken{100'000});
  EXPECT_EQ(models->at(0).output, config::PicoUsdPerToken{200'000});
  EXPECT_EQ(models->at(1).context_length, 4'096);
  EXPECT_EQ(models->at(1).input, std::nullopt);
}

TEST(ModelList, AnythingElseIsGarbled) {
  for (const std::string_view body :
       {"", "{}", "null", R"({"data":{}})", R"({"error":{"message":"no"}})", "<html>", "[1"}) {
    const auto models = read_model_list(body);
    ASSERT_FALSE(models) << body;
    EXPECT_EQ(models.error().code, config::ErrorCode::upstream_garbled);
  }
}

}  // namespace
}  // namespace providers

#include "providers/receipt.h"

#include <gtest/gtest.h>

#include "providers/adapter.h"
#include "providers/registry.h"

namespace providers {
namespace {

const GivesReceipts& openrouter() {
  return *receipts_of(*find_adapter("openrouter"));
}

config::Result<Receipt> read(std::string_view body) {
  return openrouter().read_receipt(body);
}

TEST(Receipt, SaysWhatWasChargedAndTheTokensThatWereBilled) {
  const auto receipt = read(
      R"({"data":{"id":"gen-1","total_cost":0.0000049,"tokens_prompt":9,"tokens_completion":17,
          "native_tokens_prompt":11,"native_tokens_completion":19,"native_tokens_reasoning":12,
          "native_tokens_cached":4,"is_byok":false}})");
  ASSERT_TRUE(receipt);
  EXPECT_EQ(receipt->cost, config::PicoUsd{4'900'000});
  EXPECT_EQ(receipt->cost_text, "0.0000049");
  EXPECT_EQ(receipt->tokens.prompt, 11);
  EXPECT_EQ(receipt->tokens.completion, 19);
  EXPECT_EQ(receipt->tokens.reasoning, 12);
  EXPECT_EQ(receipt->tokens.cached_read, 4);
  EXPECT_EQ(receipt->tokens.tokens, Source::reported);
}

TEST(Receipt, WithTheOperatorsOwnKeyIsTheFeeAndWhatTheProviderBills) {
  const auto receipt = read(
      R"({"data":{"total_cost":0.001,"is_byok":true,"upstream_inference_cost":0.02,
          "tokens_prompt":1,"tokens_completion":1}})");
  ASSERT_TRUE(receipt);
  EXPECT_EQ(receipt->cost, config::PicoUsd{21'000'000'000});
  EXPECT_FALSE(read(R"({"data":{"total_cost":0.001,"is_byok":true}})")) << "half of a cost is none";
}

TEST(Receipt, WithoutCountsStillSaysTheCost) {
  const auto receipt = read(R"({"data":{"total_cost":1}})");
  ASSERT_TRUE(receipt);
  EXPECT_EQ(receipt->tokens.tokens, Source::unknown);
}

TEST(Receipt, WithoutACostIsNone) {
  for (const char* body : {"", "[]", "{}", R"({"data":null})", R"({"data":{"total_cost":null}})",
                           R"({"data":{"total_cost":"1"}})", R"({"data":{"total_cost":-1}})",
                           R"({"data":{"total_cost":1e30}})"}) {
    EXPECT_FALSE(read(body)) << body;
  }
}

TEST(Receipt, IsAskedForByIdsThatCannotBeTakenForAnythingElse) {
  EXPECT_EQ(openrouter().receipt_path("gen-1790000000-aB3_x.Y"),
            "/generation?id=gen-1790000000-aB3_x.Y");
  for (const char* id : {"", "a&b=c", "a/b", "a b", "a\r\nb", "a%41"}) {
    EXPECT_EQ(openrouter().receipt_path(id), "") << id;
  }
}

TEST(Receipt, IsNotAskedForWhereThereAreNone) {
  EXPECT_EQ(receipts_of(*find_adapter("openai")), nullptr);
}

}  // namespace
}  // namespace providers

#include "gateway/chat/reservation.h"

#include <limits>
#include <string>

#include <gtest/gtest.h>

namespace gateway::chat {
namespace {

using config::PicoUsd;
using config::PicoUsdPerToken;

struct ReservationTest : testing::Test {
  ReservationTest() {
    model.reserve_output_tokens = 1'000;
    price.input = {100};
    price.output = {200};
  }

  providers::ChatRequest& ask(const std::string& more) {
    bytes = R"({"model":"m","messages":[{"role":"user","content":"hello"}])" + more + "}" +
            std::string(64, '\0');
    chat = *providers::read_chat_request(json, providers::Operation::chat,
                                         std::string_view(bytes).substr(0, bytes.size() - 64));
    return chat;
  }

  std::string bytes;
  providers::JsonWorkspace json;
  providers::ChatRequest chat;
  config::Model model;
  config::Price price;
};

TEST_F(ReservationTest, G04_TheLimitTheRequestNamesCounts) {
  EXPECT_EQ(longest_answer(ask(R"(,"max_tokens":50)"), model).output_tokens, 50);
  EXPECT_EQ(longest_answer(ask(R"(,"max_tokens":50,"n":3)"), model).output_tokens, 150);
}

TEST_F(ReservationTest, G05_ElseTheModelsLongestElseWhatIsSetAside) {
  EXPECT_EQ(longest_answer(ask(""), model).output_tokens, 1'000);
  model.max_output_tokens = 8'192;
  EXPECT_EQ(longest_answer(ask(""), model).output_tokens, 8'192);
}

TEST_F(ReservationTest, AStreamBeginsWithAPiece) {
  model.max_output_tokens = 8'192;
  EXPECT_EQ(first_piece(ask(""), model).output_tokens, 1'000);
  EXPECT_EQ(first_piece(ask(R"(,"max_tokens":50)"), model).output_tokens, 50);
}

TEST_F(ReservationTest, EveryTokenAtTheDearestItMayBeBilledAt) {
  price.cached_write = PicoUsdPerToken{150};
  price.reasoning = PicoUsdPerToken{400};
  price.per_request = {7};
  price.per_request_variants["parallel_high"] = {9};
  const auto reserved = reserve(ask(""), {10, 100}, price);
  EXPECT_EQ(reserved.amount, PicoUsd{10 * 150 + 100 * 400 + 9});
  EXPECT_EQ(reserved.cost_of_more(5), PicoUsd{5 * 400});
}

TEST_F(ReservationTest, WhatHasNoPriceReservesNothingKnown) {
  EXPECT_EQ(reserve(ask(""), {10, 100}, std::nullopt).amount, std::nullopt);
}

TEST_F(ReservationTest, WhatDoesNotFitIsTheMostThereIs) {
  constexpr auto kMost = std::numeric_limits<std::int64_t>::max();
  EXPECT_EQ(reserve(ask(""), {kMost, kMost}, price).amount, PicoUsd{kMost});
  ask("").max_tokens = kMost;
  chat.choices = 2;
  EXPECT_EQ(longest_answer(chat, model).output_tokens, kMost);
}

TEST_F(ReservationTest, OfTwoPricesTheDearerInEveryBucket) {
  config::Price other;
  other.input = {300};
  other.output = {100};
  other.cached_write = PicoUsdPerToken{250};
  const auto both = dearest(price, other);
  EXPECT_EQ(both.input, PicoUsdPerToken{300});
  EXPECT_EQ(both.output, PicoUsdPerToken{200});
  EXPECT_EQ(both.cached_write, PicoUsdPerToken{250});
}

}  // namespace
}  // namespace gateway::chat

#include "gateway/chat/choice_cheapest.h"

#include "tests/gateway/chat/routes.h"

namespace gateway::chat {
namespace {

struct Cheapest : Routes {
  void price(std::size_t target, std::int64_t input, std::int64_t output) {
    config::Price price;
    price.input = {input};
    price.output = {output};
    route.targets[target].target.price = price;
  }
  std::string order() {
    Targets order = all();
    cheapest_first(order, chat, model);
    return names(order);
  }
};

TEST_F(Cheapest, IsByThePromptAndAUsualAnswerTogether) {
  targets({1, 1});
  price(0, 1'000'000, 1'000);   // dear to ask
  price(1, 1'000, 20'000'000);  // dear to listen to
  ask(R"({"model":"m","messages":[{"role":"user","content":"hello"}]})");
  EXPECT_EQ(order(), "01") << "a short prompt: the answer decides";
  std::string book;
  for (int word = 0; word < 20'000; ++word) book += "word ";
  ask(R"({"model":"m","messages":[{"role":"user","content":")" + book + R"("}],"max_tokens":5})");
  EXPECT_EQ(order(), "10") << "a long prompt and a short answer";
}

TEST_F(Cheapest, UnknownPricesComeLastAndEqualOnesStayInOrder) {
  targets({1, 1, 1, 1});
  price(1, 5, 5);
  price(2, 5, 5);
  ask(R"({"model":"m","messages":[{"role":"user","content":"hello"}]})");
  EXPECT_EQ(order(), "1203");
}

TEST_F(Cheapest, APriceOfEachRequestCounts) {
  targets({1, 1});
  price(0, 1, 1);
  route.targets[0].target.price->per_request = config::PicoUsd{1'000'000'000'000};
  price(1, 1'000, 1'000);
  ask(R"({"model":"m","messages":[{"role":"user","content":"hello"}]})");
  EXPECT_EQ(order(), "10");
}

}  // namespace
}  // namespace gateway::chat

// A target that fails is left alone for a while, and one request of real traffic finds out when it
// answers again.

#include <chrono>
#include <string>

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "tests/e2e/gateway_fixture.h"
#include "tests/support/wait_for.h"

namespace e2e {
namespace {

using std::chrono::seconds;
using testing::HasSubstr;

class Circuits : public Gateway {
 protected:
  static std::uint64_t asked() { return upstream().log.totals().requests; }
  // A name of its own in each test, since the circuits outlive them.
  static std::string model(std::string_view route, std::string_view fault, int number) {
    return fmt::format("{}/{},words-{}", route, fault, number);
  }
};

TEST_F(Circuits, U38_ATargetThatFailsIsAskedNoMoreAndTheNextAnswersAtOnce) {
  const std::string dead = model("failover", "503", 11);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(chat(dead).status, 200) << "the other one answers";
  const auto before = asked();
  for (int i = 0; i < 5; ++i) EXPECT_EQ(chat(dead).status, 200);
  EXPECT_EQ(asked(), before + 5) << "the dead one is not asked";
}

TEST_F(Circuits, U38_OneRequestFindsOutThatItAnswersAgain) {
  const std::string name = model("onprem", "5x503-then-ok", 12);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(chat(name).status, 502);
  const auto before = asked();
  const auto refused = chat(name);
  EXPECT_EQ(refused.status, 502);
  EXPECT_FALSE(refused.header("retry-after").empty());
  EXPECT_THAT(refused.body, HasSubstr("left alone for now"));
  EXPECT_EQ(asked(), before) << "and that cost nothing";
  EXPECT_TRUE(test::wait_for(seconds(20), [&] { return chat(name).status == 200; }));
  EXPECT_EQ(chat(name).status, 200);
}

TEST_F(Circuits, U32_ARateLimitIsWaitedOut) {
  const std::string limited = model("openrouter", "429-retry-after", 13);
  const auto first = chat(limited);
  EXPECT_EQ(first.status, 429);
  const auto before = asked();
  const auto second = chat(limited);
  EXPECT_EQ(second.status, 429);
  EXPECT_FALSE(second.header("retry-after").empty());
  EXPECT_EQ(asked(), before);
}

TEST_F(Circuits, U31_NoCreditLeavesTheTargetAloneForLonger) {
  const std::string poor = model("openrouter", "402", 14);
  const auto first = chat(poor);
  EXPECT_EQ(first.status, 429);
  EXPECT_THAT(first.body, HasSubstr("insufficient_quota"));
  const auto before = asked();
  const auto second = chat(poor);
  EXPECT_EQ(second.status, 429);
  EXPECT_THAT(second.body, HasSubstr("insufficient_quota"));
  EXPECT_EQ(asked(), before);
}

TEST_F(Circuits, WhatClientsDoWrongOpensNone) {
  const std::string strict = model("onprem", "400-context", 15);
  for (int i = 0; i < 8; ++i) EXPECT_EQ(chat(strict).status, 400);
  const auto before = asked();
  EXPECT_EQ(chat(strict).status, 400);
  EXPECT_EQ(asked(), before + 1);
}

}  // namespace
}  // namespace e2e

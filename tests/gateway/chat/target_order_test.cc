#include "gateway/chat/target_order.h"

#include <map>

#include <gtest/gtest.h>

namespace gateway::chat {
namespace {

using config::ErrorCode;

struct TargetOrder : testing::Test {
  Route route(config::Order order, const std::vector<int>& weights) {
    model.order = order;
    Route out{&model, {}};
    for (const int weight : weights) {
      RouteTarget target{};
      target.target.name = config::TargetName(std::to_string(out.targets.size()));
      target.target.weight = weight;
      out.targets.push_back(target);
    }
    return out;
  }
  config::Model model;
  std::mt19937_64 random{7};
};

TEST_F(TargetOrder, IsTheOperatorsOrder) {
  const Route three = route(config::Order::in_order, {1, 5, 9});
  const auto order = target_order(three, providers::Operation::chat, random);
  ASSERT_EQ(order.size(), 3U);
  EXPECT_EQ(order[0], &three.targets[0]);
  EXPECT_EQ(order[2], &three.targets[2]);
}

TEST_F(TargetOrder, WeightsDrawTheFirstAndKeepTheRestInOrder) {
  const Route three = route(config::Order::weighted, {1, 0, 3});
  std::map<const RouteTarget*, int> first;
  for (int draw = 0; draw < 4000; ++draw) {
    const auto order = target_order(three, providers::Operation::chat, random);
    ASSERT_EQ(order.size(), 3U);
    ++first[order[0]];
    if (order[0] == &three.targets[2]) {
      EXPECT_EQ(order[1], &three.targets[0]);
      EXPECT_EQ(order[2], &three.targets[1]);
    }
  }
  EXPECT_NEAR(first[&three.targets[0]], 1000, 150);
  EXPECT_EQ(first.count(&three.targets[1]), 0U);
}

TEST_F(TargetOrder, LeavesOutWhatDoesNotServeTheOperation) {
  Route two = route(config::Order::in_order, {1, 1});
  two.targets[1].target.can.embeddings = true;
  const auto order = target_order(two, providers::Operation::embeddings, random);
  ASSERT_EQ(order.size(), 1U);
  EXPECT_EQ(order[0], &two.targets[1]);
}

TEST_F(TargetOrder, AContextOverflowMayOnlyGoToALargerWindow) {
  config::Target small;
  small.context_length = 16'384;
  config::Target large;
  large.context_length = 65'536;
  const auto overflow = config::failure(ErrorCode::context_length, "too long");
  EXPECT_TRUE(may_try(large, small, overflow));
  EXPECT_FALSE(may_try(small, large, overflow));
  EXPECT_FALSE(may_try(small, small, overflow));
  EXPECT_FALSE(may_try(large, small, config::failure(ErrorCode::upstream_rejected, "bad")));
  EXPECT_TRUE(may_try(small, large, config::failure(ErrorCode::upstream_busy, "busy")));
}

TEST_F(TargetOrder, TheMostUsefulOfSeveralFailuresIsTold) {
  const auto busy = config::failure(ErrorCode::upstream_busy, "busy");
  const auto down = config::failure(ErrorCode::upstream_unavailable, "down");
  EXPECT_EQ(&more_useful(busy, down), &busy);
  EXPECT_EQ(&more_useful(down, busy), &busy);
}

}  // namespace
}  // namespace gateway::chat

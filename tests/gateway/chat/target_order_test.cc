#include "gateway/chat/target_order.h"

#include <map>

#include "tests/gateway/chat/routes.h"

namespace gateway::chat {
namespace {

using config::ErrorCode;

struct TargetOrder : Routes {
  Targets order(config::Order order) {
    chat.operation = operation;
    return target_order(route, choice(order));
  }
  Choice choice(config::Order order) {
    return {.model = model,
            .order = order,
            .chat = chat,
            .caller = caller,
            .json = json,
            .now = {},
            .latencies = &latencies,
            .random = &random};
  }
  upstream::Latencies shared;
  upstream::LatencyView latencies{shared};
  providers::Operation operation = providers::Operation::chat;
};

TEST_F(TargetOrder, IsTheOperatorsOrder) {
  targets({1, 5, 9});
  EXPECT_EQ(names(order(config::Order::in_order)), "012");
}

TEST_F(TargetOrder, WeightsDrawTheFirstAndKeepTheRestInOrder) {
  targets({1, 0, 3});
  std::map<std::string, int> orders;
  for (int draw = 0; draw < 4000; ++draw) ++orders[names(order(config::Order::weighted))];
  EXPECT_NEAR(orders["012"], 1000, 150);
  EXPECT_NEAR(orders["201"], 3000, 150);
  EXPECT_EQ(orders.size(), 2U);
}

TEST_F(TargetOrder, EveryOrderKeepsAllOfThem) {
  targets({1, 1, 1});
  for (const auto& [name, one] : config::kOrders) {
    EXPECT_EQ(order(one).size(), 3U) << name;
    EXPECT_EQ(config::to_string(one), name);
  }
}

TEST_F(TargetOrder, LeavesOutWhatDoesNotServeTheOperation) {
  targets({1, 1});
  route.targets[1].target.can.embeddings = true;
  operation = providers::Operation::embeddings;
  EXPECT_EQ(names(order(config::Order::in_order)), "1");
}

TEST_F(TargetOrder, HoldsToThoseThatAreNamed) {
  targets({1, 1, 1});
  const std::vector<const RouteTarget*> only{&route.targets[2], &route.targets[0]};
  EXPECT_EQ(names(target_order(route, choice(config::Order::in_order), only)), "20");
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

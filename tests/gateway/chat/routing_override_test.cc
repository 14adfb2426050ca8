#include "gateway/chat/routing_override.h"

#include "tests/gateway/chat/routes.h"

namespace gateway::chat {
namespace {

struct Override : Routes {
  Override() {
    targets({1, 1, 1});
    model.name = config::ModelName("m");
    caller.allow_routing_override = true;
  }
  config::Result<RoutingOverride> read(std::string_view order, std::string_view names) {
    return read_routing_override(order, names, route, caller);
  }
};

TEST_F(Override, IsNoneWithoutItsHeaders) {
  caller.allow_routing_override = false;
  const auto none = read("", "");
  ASSERT_TRUE(none);
  EXPECT_FALSE(none->order);
  EXPECT_TRUE(none->only.empty());
}

TEST_F(Override, IsForKeysThatMay) {
  caller.allow_routing_override = false;
  const auto refused = read("cheapest", "");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().http_status(), 403);
  EXPECT_EQ(refused.error().param, "x-tollgate-order");
  EXPECT_EQ(refused.error().message,
            "This key may not choose who answers; leave out the header x-tollgate-order, or use a "
            "key that has allow_routing_override.");
  EXPECT_EQ(read("", "nobody").error().param, "x-tollgate-target")
      << "and learns nothing of which targets there are";
}

TEST_F(Override, NamesAnOrder) {
  EXPECT_EQ(read(" fastest ", "")->order, config::Order::fastest);
  EXPECT_EQ(read("cheap", "").error().message,
            "The header x-tollgate-order is one of in_order, weighted, cheapest, fastest, sticky.");
}

TEST_F(Override, NamesTargetsInTheirOrder) {
  const auto two = read("", "2 , 0");
  ASSERT_TRUE(two) << two.error().message;
  EXPECT_EQ(names({two->only.begin(), two->only.end()}), "20");
  EXPECT_EQ(two->order, config::Order::in_order);
  EXPECT_EQ(read("sticky", "2,0")->order, config::Order::sticky);
}

TEST_F(Override, ListsTheTargetsWhereANameIsNone) {
  EXPECT_EQ(
      read("", "0,7").error().message,
      "The header x-tollgate-target names \"7\", which is no target of \"m\"; there are 0, 1, 2, "
      "and commas stand between several.");
  EXPECT_EQ(read("", "0,,1").error().http_status(), 400);
  EXPECT_EQ(read("", "0,0").error().message, "The header x-tollgate-target names 0 twice.");
}

}  // namespace
}  // namespace gateway::chat

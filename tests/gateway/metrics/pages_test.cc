#include "gateway/admin/pages.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace {

namespace admin = gateway::admin;
using testing::HasSubstr;

TEST(AdminPages, MetricsAreInPrometheusTextFormat) {
  const gateway::metrics::Metrics metrics({{"version", "1.2.3"}}, 1);
  const admin::Page page = admin::metrics(metrics);
  EXPECT_EQ(page.status, 200U);
  EXPECT_EQ(page.content_type, "text/plain; version=0.0.4; charset=utf-8");
  EXPECT_THAT(page.body, HasSubstr("tollgate_build_info{version=\"1.2.3\"} 1\n"));
}

TEST(AdminPages, AliveIsAlwaysTrue) {
  EXPECT_EQ(admin::alive().status, 200U);
}

TEST(AdminPages, ReadyEndsWhenDrainingBegins) {
  EXPECT_EQ(admin::ready(false).status, 200U);
  EXPECT_EQ(admin::ready(true).status, 503U);
}

}  // namespace

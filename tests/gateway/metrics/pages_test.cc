#include "gateway/admin/pages.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace {

namespace admin = gateway::admin;
using gateway::http::verb;
using testing::HasSubstr;

class AdminPages : public testing::Test {
 protected:
  config::Result<admin::Page> ask(verb method, std::string_view path, bool draining = false) const {
    return admin::answer(method, path, metrics_, draining);
  }
  gateway::metrics::Metrics metrics_{{{"version", "1.2.3"}}, 1};
};

TEST_F(AdminPages, MetricsAreInPrometheusTextFormat) {
  const auto page = ask(verb::get, "/metrics");
  ASSERT_TRUE(page);
  EXPECT_EQ(page->status, 200U);
  EXPECT_EQ(page->content_type, "text/plain; version=0.0.4; charset=utf-8");
  EXPECT_THAT(page->body, HasSubstr("# TYPE tollgate_build_info gauge\n"));
}

TEST_F(AdminPages, AliveIsTrueEvenWhileDraining) {
  EXPECT_EQ(ask(verb::get, "/healthz", true)->status, 200U);
}

TEST_F(AdminPages, ReadyEndsWhenDrainingBegins) {
  EXPECT_EQ(ask(verb::get, "/readyz")->status, 200U);
  EXPECT_EQ(ask(verb::get, "/readyz", true)->status, 503U);
}

TEST_F(AdminPages, AnythingElseIsNotFound) {
  EXPECT_EQ(ask(verb::get, "/api/keys").error().code, config::ErrorCode::not_found);
  EXPECT_EQ(ask(verb::get, "/v1/models").error().code, config::ErrorCode::not_found);
}

TEST_F(AdminPages, PagesAreOnlyRead) {
  EXPECT_TRUE(ask(verb::head, "/metrics"));
  EXPECT_EQ(ask(verb::post, "/metrics").error().code, config::ErrorCode::method_not_allowed);
}

}  // namespace

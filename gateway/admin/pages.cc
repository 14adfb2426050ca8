#include "gateway/admin/pages.h"

#include <array>

namespace gateway::admin {
namespace {

constexpr std::string_view kJson = "application/json";
// What Prometheus' scraper negotiates for the text format.
constexpr std::string_view kPrometheusText = "text/plain; version=0.0.4; charset=utf-8";

struct Endpoint {
  std::string_view path;
  Page (*page)(const metrics::Metrics& metrics, bool draining);
};

constexpr std::array kEndpoints{
    Endpoint{"/metrics", [](const metrics::Metrics& all, bool) { return metrics(all); }},
    Endpoint{"/healthz", [](const metrics::Metrics&, bool) { return alive(); }},
    Endpoint{"/readyz", [](const metrics::Metrics&, bool draining) { return ready(draining); }},
};

}  // namespace

Page alive() {
  return {200, kJson, R"({"status":"ok"})"};
}

Page ready(bool draining) {
  if (draining) return {503, kJson, R"({"status":"draining"})"};
  return {200, kJson, R"({"status":"ready"})"};
}

Page metrics(const metrics::Metrics& metrics) {
  return {200, kPrometheusText, metrics.text()};
}

config::Result<Page> answer(http::verb method, std::string_view path,
                            const metrics::Metrics& metrics, bool draining) {
  for (const Endpoint& endpoint : kEndpoints) {
    if (endpoint.path != path) continue;
    if (method != http::verb::get && method != http::verb::head) {
      return config::failure(config::ErrorCode::method_not_allowed,
                             "This page is read with GET or HEAD.");
    }
    return endpoint.page(metrics, draining);
  }
  return config::failure(config::ErrorCode::not_found,
                         "No such page here: there are /metrics, /healthz and /readyz.");
}

}  // namespace gateway::admin

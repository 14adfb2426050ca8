#include "gateway/admin/pages.h"

namespace gateway::admin {
namespace {

constexpr std::string_view kJson = "application/json";
// What Prometheus' scraper negotiates for the text format.
constexpr std::string_view kPrometheusText = "text/plain; version=0.0.4; charset=utf-8";

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

}  // namespace gateway::admin

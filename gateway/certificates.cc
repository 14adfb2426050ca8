#include "gateway/certificates.h"

#include <stdexcept>
#include <string>
#include <utility>
#include <variant>

#include "gateway/log.h"

namespace gateway {
namespace {

// What is wrong with them; empty: `server` is new.
std::string load(const config::DoorTls& files, std::shared_ptr<const tls::Server>& server) {
  if (!files.on()) return {};
  auto loaded = tls::Server::load(files);
  if (auto* problem = std::get_if<std::string>(&loaded)) return std::move(*problem);
  server = std::get<std::shared_ptr<const tls::Server>>(std::move(loaded));
  return {};
}

}  // namespace

Certificates::Certificates(const config::Config& config) {
  for (const auto& problem : {load(config.server.tls, client_), load(config.admin.tls, admin_)}) {
    if (!problem.empty()) throw std::runtime_error(problem);
  }
}

void Certificates::adopt(const config::Config& next) {
  for (const auto& problem : {load(next.server.tls, client_), load(next.admin.tls, admin_)}) {
    if (problem.empty()) continue;
    log::error("certificate refused; the old one stays", {{"problem", problem}});
  }
}

void Certificates::add_metrics(std::vector<prometheus::MetricFamily>& families) const {
  prometheus::MetricFamily out;
  out.name = "tollgate_tls_certificate_expires_timestamp_seconds";
  out.help = "Until when the certificate of a door is good, in seconds since 1970.";
  out.type = prometheus::MetricType::Gauge;
  for (const auto& [door, server] : {std::pair("server", client_), std::pair("admin", admin_)}) {
    if (!server) continue;
    prometheus::ClientMetric metric;
    metric.label = {{"door", door}};
    metric.gauge.value = static_cast<double>(server->expires());
    out.metric.push_back(std::move(metric));
  }
  if (!out.metric.empty()) families.push_back(std::move(out));
}

}  // namespace gateway

#pragma once
// The certificates of our own doors while the gateway runs: read at its start, and anew with
// every configuration that is adopted, which a change of their files brings about too
// (Reloader). Owned by App; the control thread only.

#include <memory>
#include <vector>

#include <prometheus/metric_family.h>

#include "config/config.h"
#include "gateway/tls/server.h"

namespace gateway {

class Certificates {
 public:
  // Throws std::runtime_error where they cannot be used.
  explicit Certificates(const config::Config& config);

  // nullptr: that door is a plain one.
  const std::shared_ptr<const tls::Server>& client() const { return client_; }
  const std::shared_ptr<const tls::Server>& admin() const { return admin_; }

  // A door's old one stays where its files have become useless since they were checked.
  void adopt(const config::Config& next);

  void add_metrics(std::vector<prometheus::MetricFamily>& families) const;

 private:
  std::shared_ptr<const tls::Server> client_;
  std::shared_ptr<const tls::Server> admin_;
};

}  // namespace gateway

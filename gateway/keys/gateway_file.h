#pragma once
// The small file beside the ledger ("….gateway") by which the command line finds the gateway
// that holds it: where its admin listener is. Written by that gateway, taken away when it
// ends in order.

#include <optional>
#include <string>

#include "config/base/error.h"
#include "config/network.h"

namespace gateway::keys {

// Lives as long as the gateway can be asked.
class GatewayFile {
 public:
  // An address of all interfaces is written as the loopback's. Errors: it cannot be written.
  static config::Result<GatewayFile> write(const std::string& database,
                                           const config::Endpoint& admin);
  ~GatewayFile();
  GatewayFile(GatewayFile&& other) noexcept;
  GatewayFile& operator=(GatewayFile&&) = delete;

 private:
  explicit GatewayFile(std::string path) : path_(std::move(path)) {}
  std::string path_;  // empty: moved from
};

// Where the gateway that holds this database's lock listens; nullopt: nothing says so.
std::optional<config::Endpoint> gateway_of(const std::string& database);

}  // namespace gateway::keys

#include "tests/support/tls_ports.h"

#include <map>
#include <mutex>

namespace test {
namespace {

struct Ports {
  std::mutex mutex;
  std::map<std::uint16_t, std::string> authorities;
};

Ports& ports() {
  static Ports all;
  return all;
}

}  // namespace

void port_speaks_tls(std::uint16_t port, const std::string& ca_file) {
  const std::lock_guard lock(ports().mutex);
  ports().authorities[port] = ca_file;
}

void port_is_free_again(std::uint16_t port) {
  const std::lock_guard lock(ports().mutex);
  ports().authorities.erase(port);
}

std::optional<std::string> tls_authority(std::uint16_t port) {
  const std::lock_guard lock(ports().mutex);
  const auto found = ports().authorities.find(port);
  if (found == ports().authorities.end()) return std::nullopt;
  return found->second;
}

}  // namespace test

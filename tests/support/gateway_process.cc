#include "tests/support/gateway_process.h"

#include <charconv>
#include <fstream>
#include <stdexcept>

#include "tests/support/door_tls.h"
#include "tests/support/tls_ports.h"
#include "tests/support/wait_for.h"

namespace test {
namespace {

// A sanitized build on a busy machine starts slowly.
constexpr auto kReadyWithin = std::chrono::seconds(30);

}  // namespace

std::optional<std::uint16_t> port_in(std::string_view port_file, std::string_view name) {
  while (!port_file.empty()) {
    const auto end = std::min(port_file.find('\n'), port_file.size());
    const auto line = port_file.substr(0, end);
    port_file.remove_prefix(std::min(end + 1, port_file.size()));
    if (!line.starts_with(name) || line.size() <= name.size() || line[name.size()] != '=') continue;
    const auto digits = line.substr(name.size() + 1);
    std::uint16_t port = 0;
    const auto [stop, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
    if (error == std::errc() && stop == digits.data() + digits.size()) return port;
  }
  return std::nullopt;
}

GatewayProcess::GatewayProcess(const std::string& program, std::string_view config,
                               const Environment& environment) {
  const auto config_file = folder_.file("tollgate.yaml");
  const auto port_file = folder_.file("ports");
  std::ofstream(config_file) << config;
  process_ = std::make_unique<ChildProcess>(
      program, std::vector<std::string>{"serve", "--config", config_file, "--port-file", port_file},
      environment, folder_.file("log"));

  wait_for(kReadyWithin, [&] {
    const auto ports = read_file(port_file);
    client_port_ = port_in(ports, "client").value_or(0);
    admin_port_ = port_in(ports, "admin").value_or(0);
    return client_port_ != 0 || process_->exit_status().has_value();
  });
  if (client_port_ == 0) throw std::runtime_error("the gateway did not start:\n" + process_->log());
  const DoorTls* tls = door_tls();
  if (tls == nullptr || config.find(tls->setting) == std::string_view::npos) return;
  is_a_door(client_port_);
  is_a_door(admin_port_);
}

GatewayProcess::~GatewayProcess() {
  port_is_free_again(client_port_);
  port_is_free_again(admin_port_);
}

}  // namespace test

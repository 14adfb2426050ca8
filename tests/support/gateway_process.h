#pragma once
// The real gateway as a child: `tollgate serve` with a configuration of the test's own, in
// a folder of its own, on free ports. Where its configuration has door_tls()'s setting, the test
// clients speak TLS to it. Ready when the constructor returns. One thread.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "tests/support/child_process.h"
#include "tests/support/temp_dir.h"

namespace test {

class GatewayProcess {
 public:
  // `config` is the text of the YAML file; it should listen on port 0. Throws with the
  // program's log when it is not ready in time.
  GatewayProcess(const std::string& program, std::string_view config,
                 const Environment& environment = {});
  ~GatewayProcess();
  GatewayProcess(const GatewayProcess&) = delete;
  GatewayProcess& operator=(const GatewayProcess&) = delete;

  std::uint16_t client_port() const { return client_port_; }
  std::uint16_t admin_port() const { return admin_port_; }
  const TempDir& folder() const { return folder_; }
  ChildProcess& process() { return *process_; }

  int stop() { return process_->stop(); }
  std::string log() const { return process_->log(); }

 private:
  TempDir folder_;
  std::unique_ptr<ChildProcess> process_;
  std::uint16_t client_port_ = 0;
  std::uint16_t admin_port_ = 0;
};

// "client=8080\nadmin=8081\n": the number after "NAME="; nullopt when the line is not there.
std::optional<std::uint16_t> port_in(std::string_view port_file, std::string_view name);

}  // namespace test

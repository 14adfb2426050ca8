#include <cstdio>
#include <filesystem>
#include <fstream>
#include <system_error>

#include <fmt/format.h>

#include "gateway/app.h"
#include "gateway/cli/commands.h"
#include "gateway/cli/load_config.h"
#include "gateway/log.h"

namespace gateway::cli {
namespace {

// Written beside and moved into place, so that whoever waits for it reads it whole.
bool write_ports(const std::string& path, const App& app) {
  const std::string beside = path + ".new";
  {
    std::ofstream file(beside, std::ios::trunc);
    file << "client=" << app.client_port() << "\nadmin=" << app.admin_port() << "\n";
    if (!file.flush()) return false;
  }
  std::error_code failed;
  std::filesystem::rename(beside, path, failed);
  return !failed;
}

int run(const ServeOptions& options, const std::shared_ptr<const Snapshot>& snapshot) {
  App app(snapshot, [path = options.config_path] { return compile_config(path); });
  if (!options.port_file.empty() && !write_ports(options.port_file, app)) {
    fmt::print(stderr, "cannot write the port file {}\n", options.port_file);
    return 1;
  }
  return app.run_until_signalled();
}

}  // namespace

int serve(const ServeOptions& options) {
  auto snapshot = load_snapshot(options.config_path);
  if (!snapshot) return 2;
  auto logging = log::Logging::start((*snapshot)->config().log);
  if (!logging) {
    fmt::print(stderr, "{}\n", logging.error().message);
    return 2;
  }
  try {
    return run(options, *snapshot);
  } catch (const std::system_error& error) {
    fmt::print(stderr, "{}\n", error.what());
    return 1;
  }
}

}  // namespace gateway::cli

#include <cstdio>

#include <fmt/format.h>

#include "config/summary.h"
#include "gateway/cli/commands.h"
#include "gateway/cli/load_config.h"

namespace gateway::cli {

int check(const std::string& config_path) {
  auto snapshot = load_snapshot(config_path);
  if (!snapshot) return 2;
  fmt::print("{}", config::summary((*snapshot)->config()));
  return 0;
}

}  // namespace gateway::cli

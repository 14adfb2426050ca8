#include "gateway/cli/open_ledger.h"

#include <chrono>
#include <cstdio>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "gateway/cli/load_config.h"
#include "gateway/ledger/sqlite/ledger_file.h"

namespace gateway::cli {

std::optional<sqlite::Database> open_ledger(const LedgerOptions& options) {
  constexpr std::chrono::seconds kPatience{10};
  std::string path = options.database_path;
  if (path.empty()) {
    const auto snapshot = load_snapshot(options.config_path);
    if (!snapshot) return std::nullopt;
    path = (*snapshot)->config().ledger.database;
  }
  auto database = sqlite::open_for_reading(path, kPatience);
  if (database) return *std::move(database);
  fmt::print(stderr, "{}\n", database.error().message);
  return std::nullopt;
}

}  // namespace gateway::cli

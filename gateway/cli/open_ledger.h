#pragma once
// The ledger that a subcommand reads, by its own path or its configuration's, or why not on
// standard error.

#include <optional>

#include "gateway/cli/commands.h"
#include "gateway/ledger/sqlite/database.h"

namespace gateway::cli {

std::optional<sqlite::Database> open_ledger(const LedgerOptions& options);

}  // namespace gateway::cli

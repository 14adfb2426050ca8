#pragma once
// `tollgate keys` and its subcommands as the command line's parser knows them.

#include <CLI/App.hpp>

namespace gateway::cli {

// `exit_code` is set by the subcommand that runs; it and `cli` outlive the parsing.
void add_keys_command(CLI::App& cli, int& exit_code);

}  // namespace gateway::cli

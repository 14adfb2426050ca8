#pragma once
// The subcommands: each runs to its end and returns the process's exit status. 0: done;
// 1: failed while running; 2: the configuration or the command line is wrong.

#include <string>

namespace gateway::cli {

struct ServeOptions {
  std::string config_path;
  std::string port_file;  // empty: none
};

int serve(const ServeOptions& options);
int check(const std::string& config_path);
// Asks every provider that a target uses what it offers, and prints it.
int models(const std::string& config_path);
int version();

}  // namespace gateway::cli

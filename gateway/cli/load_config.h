#pragma once
// A configuration file, loaded and compiled, or every problem in it on standard error.

#include <memory>
#include <optional>
#include <string>

#include "gateway/compiled_config.h"
#include "gateway/snapshot.h"

namespace gateway::cli {

// `limiter`: Snapshot::build's. `running`: what a process that reloads began with, and keeps.
CompiledConfig compile_config(const std::string& config_path, limits::Limiter* limiter = nullptr,
                              const config::Config* running = nullptr);

// Warnings and problems go to standard error. False: there are problems.
bool tell_about(const CompiledConfig& compiled, const std::string& config_path);

// Both in one; nullopt: there are problems.
std::optional<std::shared_ptr<const Snapshot>> load_snapshot(const std::string& config_path,
                                                             limits::Limiter* limiter = nullptr);

}  // namespace gateway::cli

#pragma once
// A configuration file, loaded and compiled, or every problem in it on standard error.

#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "gateway/snapshot.h"

namespace gateway::cli {

// The problems as lines to print; used at start, by `check` and at reload.
using Problems = std::vector<std::string>;
// `limiter`: Snapshot::build's.
std::variant<std::shared_ptr<const Snapshot>, Problems> compile_config(
    const std::string& config_path, limits::Limiter* limiter = nullptr);

// The same with the problems printed on standard error; nullopt: there were some.
std::optional<std::shared_ptr<const Snapshot>> load_snapshot(const std::string& config_path,
                                                             limits::Limiter* limiter = nullptr);

}  // namespace gateway::cli

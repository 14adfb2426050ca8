#pragma once
// What a configuration says that works and is probably not meant: settings that cannot have the
// effect they are there for. Pure; called once a file was read without a problem.

#include <vector>

#include "config/config.h"
#include "config/problem.h"
#include "config/yaml_node.h"

namespace config {

// The lists that `config` was read from, for where things stand.
struct ReadFrom {
  YamlNode providers;
  YamlNode models;
  YamlNode keys;
};

std::vector<Problem> advice(const Config& config, const std::string& file, const ReadFrom& from);

}  // namespace config

#pragma once
// What became of a configuration's files: a snapshot, or every problem in them. Values.

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "config/load.h"
#include "config/problem.h"
#include "gateway/snapshot.h"

namespace gateway {

struct CompiledConfig {
  std::shared_ptr<const Snapshot> snapshot;  // nullptr: there are problems
  std::vector<config::Problem> problems;
  std::vector<config::Problem> warnings;
  std::vector<config::SourceFile> files;  // the configuration's own first
  std::vector<std::string_view> needs_restart =
      {};  // what differs from what the process began with
};

// Of what the files say, but for those that hold a secret: the SHA-256 of the one file, or of the
// lines that sha256sum would begin with for several.
std::string hash_of(const std::vector<config::SourceFile>& files);

}  // namespace gateway

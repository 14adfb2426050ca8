#pragma once
// A file becomes a Config, or every problem in it at once, each with file, line
// and path. Reads the price files it names (relative to itself) and expands
// ${NAME} and ${NAME:-default} in values from `environment`. Pure but for reading
// those files; called at start, by `tollgate check`, and at reload.

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "config/config.h"

namespace config {

struct Problem {
  std::string file;
  int line = 0;      // from 1; 0: the file as a whole
  std::string path;  // "providers[1].base_url"
  std::string message;
};

// "tollgate.yaml:12: providers[1].base_url: …"
std::string to_string(const Problem& problem);

using Environment = std::function<std::optional<std::string>(std::string_view name)>;
Environment process_environment();

// `kinds`: what `kind:` may say; the provider list, handed down so that config
// knows no provider.
struct LoadOptions {
  std::vector<std::string_view> kinds;
  Environment environment = process_environment();
};

std::variant<Config, std::vector<Problem>> load(const std::string& path,
                                                const LoadOptions& options);
// The same from text; `path` names it in problems and anchors relative files.
std::variant<Config, std::vector<Problem>> load_text(const std::string& text,
                                                     const std::string& path,
                                                     const LoadOptions& options);

}  // namespace config

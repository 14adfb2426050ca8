#pragma once
// One thing wrong with a configuration file, told so that it can be found and
// mended. Values; never holds a secret's text.

#include <string>

namespace config {

struct Problem {
  std::string file;
  int line = 0;      // from 1; 0: the file as a whole
  std::string path;  // "providers[1].base_url"
  std::string message;

  friend bool operator==(const Problem&, const Problem&) = default;
};

// "tollgate.yaml:12: providers[1].base_url: …"
std::string to_string(const Problem& problem);

}  // namespace config

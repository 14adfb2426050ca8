#pragma once
// The names of parameters a request lost on its way upstream, each once
// (decisions 20). A value.

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace providers::reka {

class Dropped {
 public:
  void name(std::string_view parameter) {
    if (std::find(names_.begin(), names_.end(), parameter) != names_.end()) return;
    names_.emplace_back(parameter);
  }
  std::vector<std::string> take() { return std::move(names_); }

 private:
  std::vector<std::string> names_;
};

}  // namespace providers::reka

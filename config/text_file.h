#pragma once
// A whole file in memory, or why not. Reads at most the size it is told.

#include <cstddef>
#include <string>
#include <variant>

namespace config {

struct FileText {
  std::string text;
  bool others_may_read = false;  // by its mode: anyone on this machine
};

struct FileFault {
  std::string why;
};

std::variant<FileText, FileFault> read_text_file(const std::string& path, std::size_t max_bytes);

}  // namespace config

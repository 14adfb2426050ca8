#pragma once
// The public data suites, which stand beside the clone where CI runs and are no
// part of the tree. TOLLGATE_SUITES names another folder.

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>

namespace support {

// The suite's folder; it may not exist.
inline std::filesystem::path suite(std::string_view name) {
  const char* elsewhere = std::getenv("TOLLGATE_SUITES");
  const std::filesystem::path suites =
      elsewhere != nullptr ? elsewhere : TOLLGATE_SOURCE_DIR "/../shared/suites";
  return suites / name;
}

inline std::string file_bytes(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace support

// Ends a test, saying so, where a suite is absent.
#define TOLLGATE_NEEDS_SUITE(folder)                                          \
  if (!std::filesystem::exists(folder)) {                                     \
    GTEST_SKIP() << "the data suite " << (folder).filename() << " is absent"; \
  }                                                                           \
  static_assert(true)

#include "config/text_file.h"

#include <cerrno>
#include <cstdio>
#include <memory>
#include <sys/stat.h>
#include <system_error>

#include <fmt/format.h>

namespace config {

std::variant<FileText, FileFault> read_text_file(const std::string& path, std::size_t max_bytes) {
  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  const auto failed = [] {
    return FileFault{"cannot be read: " + std::generic_category().message(errno)};
  };
  std::unique_ptr<std::FILE, Close> file(std::fopen(path.c_str(), "re"));
  if (!file) return failed();
  FileText out;
  struct stat status{};
  if (::fstat(::fileno(file.get()), &status) == 0) {
    out.others_may_read = S_ISREG(status.st_mode) && (status.st_mode & S_IROTH) != 0;
  }
  char block[16 * 1024];
  while (const auto count = std::fread(block, 1, sizeof block, file.get())) {
    if (out.text.size() + count > max_bytes) {
      return FileFault{fmt::format("is larger than {} bytes", max_bytes)};
    }
    out.text.append(block, count);
  }
  if (std::ferror(file.get())) return failed();
  return out;
}

}  // namespace config

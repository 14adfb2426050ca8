#include "gateway/ledger/journal_owner.h"

#include <fstream>
#include <string>
#include <system_error>

#include <fmt/format.h>

namespace gateway {
namespace {

config::Error refused(std::string line) {
  return config::failure(config::ErrorCode::internal, std::move(line));
}

}  // namespace

config::Result<void> claim_journals(const std::filesystem::path& folder,
                                    std::string_view identity) {
  const auto file = folder / "ledger";
  std::string owner;
  if (std::ifstream in(file); in && std::getline(in, owner)) {
    if (owner == identity) return {};
    return refused(
        fmt::format("the journals in {} are those of another ledger; give each ledger.database a "
                    "ledger.journal of its own",
                    folder.string()));
  }
  std::error_code ignored;
  std::filesystem::create_directories(folder, ignored);
  std::ofstream out(file, std::ios::trunc);
  out << identity << "\n";
  if (!out.flush()) return refused(fmt::format("cannot write {}", file.string()));
  return {};
}

}  // namespace gateway

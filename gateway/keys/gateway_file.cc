#include "gateway/keys/gateway_file.h"

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <unistd.h>
#include <utility>
#include <variant>

#include <fmt/format.h>
#include <fmt/os.h>

#include "config/text_file.h"
#include "gateway/ledger/sqlite/writer_lock.h"

namespace gateway::keys {
namespace {

constexpr std::string_view kProcess = "process=";
constexpr std::string_view kAdmin = "admin=";

std::string path_of(const std::string& database) {
  return database + ".gateway";
}

}  // namespace

config::Result<GatewayFile> GatewayFile::write(const std::string& database,
                                               const config::Endpoint& admin) {
  config::Endpoint reached = admin;
  if (reached.host == "0.0.0.0") reached.host = "127.0.0.1";
  if (reached.host == "::") reached.host = "::1";
  const std::string path = path_of(database);
  try {
    // Moved into place, so that whoever reads it reads it whole.
    {
      auto file = fmt::output_file(path + ".new");
      file.print("{}{}\n{}{}\n", kProcess, ::getpid(), kAdmin, to_string(reached));
    }
    std::filesystem::rename(path + ".new", path);
  } catch (const std::system_error& error) {
    return config::failure(config::ErrorCode::internal,
                           fmt::format("{} cannot be written: {}", path, error.code().message()));
  }
  return GatewayFile(path);
}

GatewayFile::GatewayFile(GatewayFile&& other) noexcept : path_(std::exchange(other.path_, {})) {}

GatewayFile::~GatewayFile() {
  std::error_code ignored;
  if (!path_.empty()) std::filesystem::remove(path_, ignored);
}

std::optional<config::Endpoint> gateway_of(const std::string& database) {
  constexpr std::size_t kLongest = 256;
  const auto file = config::read_text_file(path_of(database), kLongest);
  const auto* read = std::get_if<config::FileText>(&file);
  if (read == nullptr) return std::nullopt;
  std::string_view text = read->text;
  // One that was killed leaves its file behind, and anybody may listen on its port by now.
  const auto line = [&text](std::string_view name) -> std::string_view {
    if (!text.starts_with(name)) return {};
    const auto end = std::min(text.find('\n'), text.size());
    const auto value = text.substr(name.size(), end - name.size());
    text.remove_prefix(std::min(end + 1, text.size()));
    return value;
  };
  const auto process = line(kProcess);
  if (process.empty() || process != sqlite::WriterLock::last_holder(database)) return std::nullopt;
  return config::parse_endpoint(line(kAdmin));
}

}  // namespace gateway::keys

#include "gateway/keys/gateway_file.h"

#include <filesystem>
#include <system_error>
#include <utility>
#include <variant>

#include <fmt/format.h>
#include <fmt/os.h>

#include "config/text_file.h"

namespace gateway::keys {
namespace {

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
      file.print("{}{}\n", kAdmin, to_string(reached));
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
  if (!text.starts_with(kAdmin)) return std::nullopt;
  text.remove_prefix(kAdmin.size());
  return config::parse_endpoint(text.substr(0, text.find('\n')));
}

}  // namespace gateway::keys

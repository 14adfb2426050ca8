#include <fmt/format.h>

#include "config/read_scalars.h"
#include "config/sections.h"

namespace config {
namespace {

constexpr std::size_t kMostBytes = 1024 * 1024;

// The file's path; a problem where it cannot be read.
std::string read_file_name(const YamlNode& node, const Surroundings& around, bool is_secret) {
  std::string name;
  read_line_or_nothing(node, name);
  if (name.empty()) return {};
  std::string path = around.path_of(name);
  const auto file =
      is_secret ? around.read_secret(path, kMostBytes) : around.read(path, kMostBytes);
  if (const auto* fault = std::get_if<FileFault>(&file)) {
    Surroundings::problem(node, path, *fault);
    return {};
  }
  if (is_secret && std::get<FileText>(file).others_may_read && around.options.warnings) {
    around.options.warnings->push_back(
        {path, 0, "", "is a secret that everyone on this machine may read; chmod 600 it"});
  }
  return path;
}

bool is_written(const YamlNode& node) {
  std::string name;
  read_line_or_nothing(node, name);
  return !name.empty();
}

}  // namespace

DoorTls read_door_tls(const YamlNode& node, const Surroundings& around) {
  DoorTls out;
  if (!node) return out;
  YamlMap map(node);
  const auto certificate = map.get("certificate");
  const auto key = map.get("key");
  out.certificate = read_file_name(certificate, around, false);
  out.key = read_file_name(key, around, true);
  if (is_written(certificate) != is_written(key)) {
    node.problem("needs certificate and key together: one proves the other");
  }
  read_duration(map.get("handshake_timeout"), out.handshake_timeout);
  read_whole(map.get("handshakes_at_once"), out.handshakes_at_once, 1, 1'000'000);
  if (out.certificate.empty() || out.key.empty() || !around.options.check_certificate) return out;

  auto verdict = around.options.check_certificate(out);
  if (!verdict.problem.empty()) node.problem(std::move(verdict.problem));
  if (!verdict.warning.empty() && around.options.warnings) {
    around.options.warnings->push_back(
        {around.reading.file, node.line(), node.path(), std::move(verdict.warning)});
  }
  return out;
}

}  // namespace config

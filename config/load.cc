#include "config/load.h"

#include <algorithm>
#include <filesystem>
#include <tuple>
#include <utility>

#include <fmt/format.h>

#include "config/advice.h"
#include "config/read_scalars.h"
#include "config/sections.h"
#include "config/text_file.h"
#include "config/yaml_node.h"

namespace config {
namespace {

std::variant<FileText, FileFault> read_source(const std::string& path, std::size_t max_bytes,
                                              const LoadOptions& options) {
  auto file = read_text_file(path, max_bytes);
  if (options.files != nullptr) {
    const auto* read = std::get_if<FileText>(&file);
    options.files->push_back({path, read ? std::optional(sha256(read->text)) : std::nullopt});
  }
  return file;
}

void check_door(const Config& config, const YamlNode& root, const YamlNode& auth,
                const YamlNode& keys, const YamlNode& listen) {
  if (config.auth == Auth::keys && config.keys.empty()) {
    const auto& where = keys ? keys : root;
    where.problem(
        "no key is configured, so nobody could ask; list one under keys: (or say auth: none to "
        "serve this machine alone)");
  }
  if (config.auth == Auth::none && !config.keys.empty()) {
    auth.problem("none would ignore the keys that are listed");
  }
  if (config.auth == Auth::none && !is_loopback(config.server.listen.host)) {
    auth.problem(fmt::format("none works on the loopback only, and server.listen is {}",
                             to_string(config.server.listen)));
  }
  if (config.server.listen == config.admin.listen && config.admin.listen.port != 0) {
    const auto& where = listen ? listen : root;
    where.problem("server.listen and admin.listen are the same");
  }
}

Config read_config(const YamlNode& root, Surroundings& around) {
  static constexpr std::pair<std::string_view, Auth> kAuth[] = {{"keys", Auth::keys},
                                                                {"none", Auth::none}};
  Config out;
  YamlMap map(root);
  const auto server = map.get("server");
  out.server = read_server(server, around);
  out.admin = read_admin(map.get("admin"), around);
  out.log = read_log(map.get("log"), around);
  const auto auth = map.get("auth");
  read_word(auth, out.auth, kAuth);
  const auto keys = map.get("keys");
  out.teams = read_teams(map.get("teams"));
  out.limits = read_limits(map.get("limits"));
  out.ledger = read_ledger(map.get("ledger"), around);
  const auto prices = read_price_files(map.get("prices"), around);
  const auto providers = map.require("providers");
  out.providers = read_providers(providers, around);
  const auto models = map.require("models");
  out.models = read_models(models, out.providers, prices, around);
  out.keys = read_keys(keys, out.models);
  if (models && models.items().empty() && !models.is_scalar() && !models.is_map()) {
    models.problem("lists no model");
  }
  check_door(out, root, auth, keys, server);
  if (around.reading.problems.empty() && around.options.warnings != nullptr) {
    for (auto& one : advice(out, around.reading.file, {providers, models, keys})) {
      around.options.warnings->push_back(std::move(one));
    }
  }
  return out;
}

std::variant<Config, std::vector<Problem>> load_parts(const std::string& text,
                                                      const std::string& path,
                                                      const LoadOptions& options,
                                                      bool others_may_read) {
  const auto tree = parse_yaml(text);
  if (const auto* fault = std::get_if<YamlFault>(&tree)) {
    return std::vector<Problem>{{path, fault->line, "", fault->message}};
  }
  std::vector<Problem> problems;
  Reading reading{path, options.environment, problems, options.asked_keys};
  Surroundings around{std::filesystem::path(path).parent_path().string(), options, reading, {}};
  const auto& root = *std::get<YamlPointer>(tree);
  if (root.kind != YamlValue::Kind::map) {
    return std::vector<Problem>{{path, root.line, "", "must be a map of sections"}};
  }
  auto config = read_config(YamlNode(reading, root, root.line, ""), around);
  if (!problems.empty()) {
    std::sort(problems.begin(), problems.end(), [](const Problem& a, const Problem& b) {
      return std::tie(a.file, a.line, a.path, a.message) <
             std::tie(b.file, b.line, b.path, b.message);
    });
    // Some values are read by two readers.
    problems.erase(std::unique(problems.begin(), problems.end()), problems.end());
    return problems;
  }
  if (options.warnings && others_may_read) {
    for (const auto& secret : around.plain_secrets) {
      options.warnings->push_back({path, secret.line(), secret.path(),
                                   "is a secret in a file that everyone on this machine may read; "
                                   "chmod 600 it, or write ${NAME} or file:/path"});
    }
  }
  return config;
}

}  // namespace

std::string Surroundings::path_of(const std::string& name) const {
  return (std::filesystem::path(folder) / name).string();
}

void Surroundings::problem(const YamlNode& node, const std::string& path, const FileFault& fault) {
  const auto name = node.text();
  const bool hidden = name && name->from_environment;
  node.problem(fmt::format("{} {}", hidden ? "the file it names" : path, fault.why));
}

std::variant<FileText, FileFault> Surroundings::read(const std::string& path,
                                                     std::size_t max_bytes) const {
  return read_source(path, max_bytes, options);
}

std::variant<FileText, FileFault> Surroundings::read_secret(const std::string& path,
                                                            std::size_t max_bytes) const {
  if (options.files != nullptr) options.files->push_back({path, std::nullopt});
  return read_text_file(path, max_bytes);
}

bool UniqueNames::take(const YamlNode& node, const std::string& name) {
  const auto [first, is_new] = lines_.emplace(name, node.line());
  if (is_new) return true;
  node.problem(
      fmt::format("the {} {} already stands in line {}", what_, in_quotes(name), first->second));
  return false;
}

std::variant<Config, std::vector<Problem>> load_text(const std::string& text,
                                                     const std::string& path,
                                                     const LoadOptions& options) {
  return load_parts(text, path, options, false);
}

std::variant<Config, std::vector<Problem>> load(const std::string& path,
                                                const LoadOptions& options) {
  auto file = read_source(path, kMaxYamlBytes, options);
  if (auto* fault = std::get_if<FileFault>(&file)) {
    return std::vector<Problem>{{path, 0, "", std::move(fault->why)}};
  }
  const auto& read = std::get<FileText>(file);
  return load_parts(read.text, path, options, read.others_may_read);
}

}  // namespace config

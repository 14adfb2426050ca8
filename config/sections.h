#pragma once
// The readers of a file's sections, one per .cc of the same name; only load.cc and
// they include this. Each takes its node, adds what is wrong to the Reading, and
// returns what could be read, so that the next section can be checked against it.

#include <map>
#include <string>
#include <vector>

#include "config/config.h"
#include "config/load.h"
#include "config/price_table.h"
#include "config/text_file.h"
#include "config/yaml_node.h"

namespace config {

// What readers need to know beside their own node.
struct Surroundings {
  std::string folder;  // of the configuration file: relative paths start there
  const LoadOptions& options;
  Reading& reading;
  std::vector<YamlNode> plain_secrets;  // secrets that stand in the file itself

  std::string path_of(const std::string& name) const;
  // A problem of the file that is named there: by its path, unless the environment says it.
  static void problem(const YamlNode& node, const std::string& path, const FileFault& fault);
  // Reads one of the files that the configuration is made of.
  std::variant<FileText, FileFault> read(const std::string& path, std::size_t max_bytes) const;
  std::variant<FileText, FileFault> read_secret(const std::string& path,
                                                std::size_t max_bytes) const;
};

// A request's.
inline constexpr milliseconds kShortestDeadline{100};

// read_server.cc
Server read_server(const YamlNode& node, const Surroundings& around);
Admin read_admin(const YamlNode& node, const Surroundings& around);
Log read_log(const YamlNode& node, const Surroundings& around);

// read_tls.cc
DoorTls read_door_tls(const YamlNode& node, const Surroundings& around);

// read_secret.cc: literal, ${NAME} or file:/path.
void read_secret(const YamlNode& node, Secret& out, Surroundings& around);
bool is_well_known_secret(std::string_view text);
bool is_digest_of_well_known_secret(const Sha256& digest);

// read_prices.cc
std::optional<Price> read_price(const YamlNode& node);
PriceTable read_price_files(const YamlNode& node, Surroundings& around);

// read_capabilities.cc
CapabilityOverrides read_capabilities(const YamlNode& node);

// read_providers.cc
std::vector<Provider> read_providers(const YamlNode& node, Surroundings& around);
// read_proxy.cc: for the upstream at `upstream`.
void read_proxy(const YamlNode& node, const BaseUrl& upstream, Proxy& out, Surroundings& around);
// read_probe.cc: after its kind.
void read_probe(const YamlNode& node, Provider& out, const Surroundings& around);
void read_kind(const YamlNode& node, std::string& out, const Surroundings& around);
void read_preset(const YamlNode& node, std::string& out);
Timeouts read_timeouts(const YamlNode& node, Timeouts defaults);
Breaker read_breaker(const YamlNode& node, Breaker defaults);
Retries read_retries(const YamlNode& node, Retries defaults);

// read_targets.cc: of `model` what its targets inherit is read already.
void read_tokenizer(const YamlNode& node, Tokenizer& out);
std::vector<Target> read_targets(const YamlNode& node, const Model& model,
                                 const std::vector<Provider>& providers, const PriceTable& prices,
                                 const Surroundings& around);

// read_models.cc
std::vector<Model> read_models(const YamlNode& node, const std::vector<Provider>& providers,
                               const PriceTable& prices, const Surroundings& around);

// read_limits.cc
Limits read_limits(const YamlNode& node);
std::vector<Team> read_teams(const YamlNode& node);

// read_ledger.cc
Ledger read_ledger(const YamlNode& node, const Surroundings& around);

// read_keys.cc
std::vector<Key> read_keys(const YamlNode& node, const std::vector<Model>& models);

// A name may stand once in a file: says where it stood first.
class UniqueNames {
 public:
  explicit UniqueNames(std::string what) : what_(std::move(what)) {}
  // False, with a problem at `node`, where the name was taken.
  bool take(const YamlNode& node, const std::string& name);

 private:
  std::string what_;
  std::map<std::string, int, std::less<>> lines_;
};

}  // namespace config

#include <fmt/format.h>

#include "config/allow_list.h"
#include "config/read_scalars.h"
#include "config/sections.h"

namespace config {
namespace {

// A digest of nothing, or of what everyone would try first, guards nothing.
bool is_guessable(const Sha256& digest) {
  return digest == Sha256{} || is_digest_of_well_known_secret(digest);
}

void read_digest(const YamlNode& node, Sha256& out, bool& known) {
  const auto text = node.text();
  if (!text) return;
  // Never shown: whoever mistakes this field for the key itself wrote a secret here.
  const auto digest = parse_sha256(text->text);
  if (!digest) {
    return node.problem(
        "must be the key's SHA-256 as 64 hexadecimal digits (printf %s KEY | sha256sum)");
  }
  if (is_guessable(*digest)) {
    return node.problem("is the digest of an empty or well-known key; make a random one");
  }
  out = *digest;
  known = true;
}

void check_allowed(const YamlNode& node, const std::vector<std::string>& allowed,
                   const std::vector<Model>& models) {
  if (node.is_list() && node.items().empty()) {
    return node.problem("allows nothing; leave it out or say [\"*\"] for every model");
  }
  const auto items = node.items();
  for (std::size_t i = 0; i < items.size() && items.size() == allowed.size(); ++i) {
    auto wrong = allow_list_fault(allowed[i], models);
    if (!wrong.empty()) items[i].problem(std::move(wrong));
  }
}

}  // namespace

std::vector<Key> read_keys(const YamlNode& node, const std::vector<Model>& models) {
  std::vector<Key> out;
  UniqueNames names("key");
  std::map<Sha256, std::string> digests;
  for (const auto& item : node.items()) {
    Key key;
    YamlMap map(item);
    std::string name;
    read_line(map.require("name"), name);
    if (!name.empty()) names.take(item, name);
    key.name = KeyName(name);
    std::string team;
    read_line_or_nothing(map.get("team"), team);
    key.team = TeamName(std::move(team));
    const auto digest_node = map.require("sha256");
    bool has_digest = false;
    read_digest(digest_node, key.sha256, has_digest);
    if (has_digest) {
      const auto [first, is_new] = digests.emplace(key.sha256, name);
      if (!is_new) {
        digest_node.problem(fmt::format("is the same key as that of {}", in_quotes(first->second)));
      }
    }
    const auto allowed = map.get("models");
    read_words(allowed, key.models);
    check_allowed(allowed, key.models, models);
    read_bool(map.get("allow_upstream_extras"), key.allow_upstream_extras);
    read_bool(map.get("allow_routing_override"), key.allow_routing_override);
    key.limits = read_limits(map.get("limits"));
    out.push_back(std::move(key));
  }
  return out;
}

}  // namespace config

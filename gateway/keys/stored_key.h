#pragma once
// A virtual key as it is administered and kept: what its owner may use, and the digests of
// its secrets. Values; a secret itself is in none of them.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "config/base/clock.h"
#include "config/base/sha256.h"
#include "config/limits.h"

namespace gateway::keys {

// What an administrator may set and change. A key's name is not among them: what was spent
// is recorded under it.
struct Settings {
  std::string team;
  std::string owner;
  std::vector<std::string> tags;    // `project=x` or `person`, recorded with each of its requests
  std::vector<std::string> models;  // exact names, or prefixes ending in *; empty: every model
  bool allow_upstream_extras = false;
  bool allow_routing_override = false;
  config::Limits limits;
  // In whole seconds. Good from the first on, and up to, not including, the second.
  std::optional<config::Clock::Wall> not_before;
  std::optional<config::Clock::Wall> expires_at;
  friend bool operator==(const Settings&, const Settings&) = default;
};

struct SecretDigest {
  config::Sha256 digest{};
  std::string hint;                          // "sk-tg-ab12…c90e"
  std::optional<config::Clock::Wall> until;  // replaced by a newer one: good until then
  friend bool operator==(const SecretDigest&, const SecretDigest&) = default;
};

struct StoredKey {
  std::string id;    // "key_…", never given again
  std::string name;  // unique among the keys that exist
  Settings settings;
  bool enabled = true;
  config::Clock::Wall created_at;
  std::optional<config::Clock::Wall> last_used_at;  // as last written down
  std::int64_t version = 1;                         // one more with each change
  std::vector<SecretDigest> secrets;                // the newest first
  friend bool operator==(const StoredKey&, const StoredKey&) = default;
};

}  // namespace gateway::keys

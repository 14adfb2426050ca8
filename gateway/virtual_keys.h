#pragma once
// Who may call: keys by the SHA-256 of their secret, so that nothing plaintext
// rests in memory or on disk. Built with a snapshot, then const; any thread.

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "config/config.h"

namespace gateway {

// A key as a request meets it.
struct VirtualKey {
  config::KeyName name;
  config::TeamName team;
  bool allow_upstream_extras = false;
  std::vector<std::string> models;  // exact names, or prefixes ending in *; empty: every model

  bool allows(std::string_view model) const;
};

config::Sha256 sha256(std::string_view text);

class KeyTable {
 public:
  KeyTable() = default;
  explicit KeyTable(const std::vector<config::Key>& keys);

  // nullptr: no such key. The digest, not the secret, is compared, and every
  // comparison looks at all 32 bytes: timing tells nothing about either.
  const VirtualKey* find(std::string_view secret) const;

 private:
  struct Entry {
    config::Sha256 digest;
    VirtualKey key;
  };
  std::unordered_multimap<std::uint64_t, Entry> by_prefix_;  // the digest's first 8 bytes
};

}  // namespace gateway

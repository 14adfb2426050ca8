#pragma once
// Who may call: keys by the SHA-256 of their secret, so that nothing plaintext rests in
// memory or on disk. A table is const once made, and any thread's; one with a few keys
// changed shares everything else with the table it was made from, so that a change costs
// the same among a hundred thousand keys as among ten.

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "config/base/clock.h"
#include "config/base/error.h"
#include "config/config.h"
#include "gateway/ledger/tags.h"
#include "gateway/limits/limiter.h"

namespace gateway {

// When a key was last asked by; outlives changes to the key. Any thread.
class LastUse {
 public:
  // Seconds since 1970; written at most once a second, so that workers sharing a key do
  // not fight for its cache line.
  void note(config::Clock::Wall now) {
    const std::int64_t second =
        std::chrono::floor<std::chrono::seconds>(now.time_since_epoch()).count();
    if (second_.load(std::memory_order_relaxed) != second) {
      second_.store(second, std::memory_order_relaxed);
    }
  }
  // nullopt: never.
  std::optional<config::Clock::Wall> at() const {
    const std::int64_t second = second_.load(std::memory_order_relaxed);
    if (second == 0) return std::nullopt;
    return config::Clock::Wall{std::chrono::seconds{second}};
  }

 private:
  std::atomic<std::int64_t> second_{0};
};

// A key as a request meets it.
struct VirtualKey {
  config::KeyName name;
  config::TeamName team;
  bool allow_upstream_extras = false;
  bool allow_routing_override = false;
  std::vector<std::string> models;  // exact names, or prefixes ending in *; empty: every model
  Tags tags;                        // of each of its requests, beside what the request says itself
  config::Limits limits;
  // Good from the first moment on and up to, not including, the second.
  std::optional<config::Clock::Wall> not_before;
  std::optional<config::Clock::Wall> expires_at;
  bool enabled = true;
  limits::Payers payers;  // whose limits count; nobody's where there is no limiter
  std::shared_ptr<LastUse> last_use = std::make_shared<LastUse>();

  bool allows(std::string_view model) const;
};

// A key of the configuration, as requests meet it; nobody's limits where `limiter` is nullptr.
VirtualKey virtual_key(const config::Key& key, limits::Limiter* limiter);

config::Sha256 sha256(std::string_view text);

class KeyTable {
 public:
  // One secret of a key; a key that is being rotated has several.
  struct Secret {
    config::Sha256 digest{};
    std::optional<config::Clock::Wall> until;  // replaced by another: good until then
    std::shared_ptr<const VirtualKey> key;
  };

  KeyTable() = default;
  // They count in the accounts of `limiter`, which outlives them; nullptr: in none.
  explicit KeyTable(const std::vector<config::Key>& keys, limits::Limiter* limiter = nullptr);

  // This table without the secrets in `gone` (of these very keys: equal ones of others stay)
  // and with those in `come`; a digest that is there already keeps its key.
  KeyTable with(std::span<const Secret> gone, std::span<const Secret> come) const;

  // invalid_key: no such key, or one that is switched off. key_expired: not good at `now`.
  // The key lives as long as this table. The digest, not the secret, is compared, and every
  // comparison looks at all 32 bytes: timing tells nothing about either.
  config::Result<const VirtualKey*> find(std::string_view secret, config::Clock::Wall now) const;

  // When the key with this secret was last asked by; nullptr: there is none.
  std::shared_ptr<LastUse> last_use(const config::Sha256& digest) const;

  std::size_t size() const;

 private:
  using Shard = std::unordered_multimap<std::uint64_t, Secret>;  // by the digest's first 8 bytes
  static constexpr std::size_t kShards = 256;                    // by its last byte

  static const Secret* find(const Shard* shard, const config::Sha256& digest);

  std::array<std::shared_ptr<const Shard>, kShards> shards_;  // nullptr: an empty one
};

}  // namespace gateway

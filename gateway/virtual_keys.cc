#include "gateway/virtual_keys.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <stdexcept>
#include <utility>

#include <openssl/crypto.h>
#include <openssl/evp.h>

namespace gateway {
namespace {

// Fetched once: looking a digest up by name costs more than hashing a key.
const EVP_MD* sha256_algorithm() {
  static const std::unique_ptr<EVP_MD, decltype(&EVP_MD_free)> algorithm(
      EVP_MD_fetch(nullptr, "SHA256", nullptr), &EVP_MD_free);
  return algorithm.get();
}

std::uint64_t prefix(const config::Sha256& digest) {
  std::uint64_t value = 0;
  std::memcpy(&value, digest.data(), sizeof value);
  return value;
}

}  // namespace

bool VirtualKey::allows(std::string_view model) const {
  if (models.empty()) return true;
  for (const std::string& pattern : models) {
    if (pattern.ends_with('*')) {
      if (model.starts_with(std::string_view(pattern).substr(0, pattern.size() - 1))) return true;
    } else if (model == pattern) {
      return true;
    }
  }
  return false;
}

config::Sha256 sha256(std::string_view text) {
  config::Sha256 digest{};
  unsigned size = 0;
  if (EVP_Digest(text.data(), text.size(), digest.data(), &size, sha256_algorithm(), nullptr) !=
      1) {
    throw std::runtime_error("OpenSSL offers no SHA-256");
  }
  return digest;
}

VirtualKey virtual_key(const config::Key& key, limits::Limiter* limiter) {
  VirtualKey made;
  made.name = key.name;
  made.team = key.team;
  made.allow_upstream_extras = key.allow_upstream_extras;
  made.allow_routing_override = key.allow_routing_override;
  made.models = key.models;
  made.limits = key.limits;
  if (limiter != nullptr) made.payers = limiter->payers(key.name, key.team);
  return made;
}

KeyTable::KeyTable(const std::vector<config::Key>& keys, limits::Limiter* limiter) {
  std::vector<Secret> secrets;
  secrets.reserve(keys.size());
  for (const config::Key& key : keys) {
    secrets.push_back(
        {key.sha256, std::nullopt, std::make_shared<const VirtualKey>(virtual_key(key, limiter))});
  }
  *this = KeyTable().with({}, secrets);
}

KeyTable KeyTable::with(std::span<const Secret> gone, std::span<const Secret> come) const {
  KeyTable out = *this;
  std::array<std::shared_ptr<Shard>, kShards> changed;  // copies that nobody else sees yet
  const auto shard_of = [&](const config::Sha256& digest) -> Shard& {
    const std::size_t index = digest.back();
    if (!changed[index]) {
      const auto& before = shards_[index];
      changed[index] = before ? std::make_shared<Shard>(*before) : std::make_shared<Shard>();
      out.shards_[index] = changed[index];
    }
    return *changed[index];
  };
  for (const Secret& secret : gone) {
    Shard& shard = shard_of(secret.digest);
    const auto [first, last] = shard.equal_range(prefix(secret.digest));
    const auto found = std::find_if(first, last, [&](const auto& entry) {
      return entry.second.digest == secret.digest && entry.second.key == secret.key;
    });
    if (found != last) shard.erase(found);
  }
  for (const Secret& secret : come) {
    Shard& shard = shard_of(secret.digest);
    if (find(&shard, secret.digest) == nullptr) shard.emplace(prefix(secret.digest), secret);
  }
  return out;
}

const KeyTable::Secret* KeyTable::find(const Shard* shard, const config::Sha256& digest) {
  if (shard == nullptr) return nullptr;
  const auto [first, last] = shard->equal_range(prefix(digest));
  for (auto at = first; at != last; ++at) {
    if (CRYPTO_memcmp(at->second.digest.data(), digest.data(), digest.size()) == 0) {
      return &at->second;
    }
  }
  return nullptr;
}

config::Result<const VirtualKey*> KeyTable::find(std::string_view secret,
                                                 config::Clock::Wall now) const {
  const config::Sha256 digest = sha256(secret);
  const Secret* found = find(shards_[digest.back()].get(), digest);
  if (found == nullptr) {
    return config::failure(
        config::ErrorCode::invalid_key,
        "The API key is not valid here. Check that it is complete, or ask for a new one.");
  }
  if (!found->key->enabled) {
    return config::failure(config::ErrorCode::invalid_key,
                           "The API key is switched off. Ask whoever gave it to you.");
  }
  const VirtualKey& key = *found->key;
  if (found->until && now >= *found->until) {
    return config::failure(config::ErrorCode::key_expired,
                           "The API key was replaced by a new one and is no longer valid.");
  }
  if (key.expires_at && now >= *key.expires_at) {
    return config::failure(config::ErrorCode::key_expired,
                           "The API key has expired. Ask for a new one.");
  }
  if (key.not_before && now < *key.not_before) {
    return config::failure(config::ErrorCode::key_expired, "The API key is not valid yet.");
  }
  key.last_use->note(now);
  return &key;
}

std::shared_ptr<LastUse> KeyTable::last_use(const config::Sha256& digest) const {
  const Secret* found = find(shards_[digest.back()].get(), digest);
  return found == nullptr ? nullptr : found->key->last_use;
}

std::size_t KeyTable::size() const {
  std::size_t all = 0;
  for (const auto& shard : shards_) all += shard ? shard->size() : 0;
  return all;
}

}  // namespace gateway

#include "gateway/virtual_keys.h"

#include <cstring>
#include <memory>
#include <stdexcept>

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

KeyTable::KeyTable(const std::vector<config::Key>& keys) {
  for (const config::Key& key : keys) {
    by_prefix_.emplace(
        prefix(key.sha256),
        Entry{key.sha256, {key.name, key.team, key.allow_upstream_extras, key.models}});
  }
}

const VirtualKey* KeyTable::find(std::string_view secret) const {
  const config::Sha256 digest = sha256(secret);
  const auto [first, last] = by_prefix_.equal_range(prefix(digest));
  for (auto at = first; at != last; ++at) {
    if (CRYPTO_memcmp(at->second.digest.data(), digest.data(), digest.size()) == 0) {
      return &at->second.key;
    }
  }
  return nullptr;
}

}  // namespace gateway

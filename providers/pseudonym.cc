#include "providers/pseudonym.h"

#include <array>

#include <fmt/format.h>
#include <openssl/sha.h>

namespace providers {

std::string pseudonym(std::string_view user) {
  constexpr std::size_t kBytesShown = 16;
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
  SHA256(reinterpret_cast<const unsigned char*>(user.data()), user.size(), digest.data());
  std::string out;
  for (std::size_t i = 0; i < kBytesShown; ++i) out += fmt::format("{:02x}", digest[i]);
  return out;
}

}  // namespace providers

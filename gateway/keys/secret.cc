#include "gateway/keys/secret.h"

#include <array>

#include <fmt/format.h>

namespace gateway::keys {
namespace {

template <std::size_t Bytes>
std::string random_hex(const Random& random) {
  std::array<std::uint8_t, Bytes> bytes{};
  random(bytes);
  std::string out;
  for (const auto byte : bytes) out += fmt::format("{:02x}", byte);
  return out;
}

}  // namespace

NewSecret make_secret(const Random& random) {
  constexpr std::string_view kPrefix = "sk-tg-";
  constexpr std::size_t kShown = 4;
  const std::string digits = random_hex<32>(random);
  std::string text = fmt::format("{}{}", kPrefix, digits);
  NewSecret out;
  out.kept.digest = config::sha256(text);
  out.kept.hint = fmt::format("{}{}…{}", kPrefix, digits.substr(0, kShown),
                              digits.substr(digits.size() - kShown));
  out.text = config::Secret(std::move(text));
  return out;
}

std::string make_id(const Random& random) {
  return "key_" + random_hex<8>(random);
}

}  // namespace gateway::keys

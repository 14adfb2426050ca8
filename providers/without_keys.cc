#include "providers/without_keys.h"

#include <cctype>

#include "providers/wire/json_text.h"

namespace providers {
namespace {

constexpr std::size_t kMostTold = 500;
constexpr std::size_t kMostRead = 16 * 1024;

bool is_of_key(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '_' || c == '*' ||
         c == '.';
}

}  // namespace

std::string without_keys(std::string_view text, const config::Secret& key) {
  // Keys go before the text is cut, so that no half of one is left at its end.
  std::string out(utf8_prefix(text, kMostRead));
  const auto hide = [&](std::size_t begin, std::size_t end) {
    out.replace(begin, end - begin, "***");
  };
  if (const auto secret = key.reveal(); secret.size() >= 4) {
    for (auto at = out.find(secret); at != std::string::npos; at = out.find(secret, at + 3)) {
      hide(at, at + secret.size());
    }
  }
  // What providers echo of a key: "sk-or-v1-ab…yz", whole or with stars in it.
  for (auto at = out.find("sk-"); at != std::string::npos; at = out.find("sk-", at + 3)) {
    if (at > 0 && std::isalnum(static_cast<unsigned char>(out[at - 1])) != 0) continue;
    auto end = at + 3;
    while (end < out.size() && is_of_key(out[end])) ++end;
    if (end - at >= 8) hide(at, end);
  }
  out.resize(utf8_prefix(out, kMostTold).size());
  return out;
}

}  // namespace providers

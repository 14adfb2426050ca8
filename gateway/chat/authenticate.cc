#include "gateway/chat/authenticate.h"

#include <algorithm>

#include <boost/beast/core/string.hpp>

namespace gateway::chat {
namespace {

// Longer than any key we issue; a longer one is not worth hashing.
constexpr std::size_t kMaxSecretBytes = 512;

config::Error refuse(std::string message) {
  return config::failure(config::ErrorCode::invalid_key, std::move(message));
}

// RFC 6750 b64token, which every key of ours and of OpenAI's is made of.
bool is_b64token(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_' || c == '~' || c == '+' || c == '/' || c == '=';
  });
}

}  // namespace

config::Result<const VirtualKey*> authenticate(const Snapshot& snapshot,
                                               const http::Request& request,
                                               config::Clock::Wall now) {
  if (const VirtualKey* anyone = snapshot.anonymous()) return anyone;

  const std::string_view value = request.find("authorization");
  if (value.empty()) {
    return refuse("No API key was given. Send it as 'Authorization: Bearer YOUR_KEY'.");
  }
  constexpr std::string_view kScheme = "bearer ";
  if (value.size() <= kScheme.size() ||
      !boost::beast::iequals(value.substr(0, kScheme.size()), kScheme)) {
    return refuse("The Authorization header must read 'Bearer YOUR_KEY'.");
  }
  const std::string_view secret = value.substr(kScheme.size());
  if (secret.size() > kMaxSecretBytes || !is_b64token(secret)) {
    return refuse("The API key is not one: it is too long, or holds what no key does.");
  }
  return snapshot.keys().find(secret, now);
}

}  // namespace gateway::chat

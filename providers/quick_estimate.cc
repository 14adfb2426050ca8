// Tokens at a glance, declared in estimate.h.

#include <algorithm>

#include "providers/estimate.h"

namespace providers {
namespace {

// Small letters and blanks are words, which vocabularies hold whole; whatever else there
// is (signs, digits, capitals, other scripts) comes in ones and twos. The two rates are set
// so that about one text in a hundred is more than was thought (tests/clients/corpus.js).
constexpr std::size_t kWordBytes = 40;  // per ten tokens
constexpr std::size_t kOtherBytes = 17;

// What vision models bill for a picture of common size.
constexpr std::int64_t kTokensPerImage = 1000;
// A string this long without a blank in its beginning is data, not words.
constexpr std::size_t kShortestData = 1024;
constexpr std::size_t kLookedAt = 256;

bool is_data(std::string_view text) {
  if (text.starts_with("data:")) return true;
  if (text.size() < kShortestData) return false;
  const auto head = text.substr(0, kLookedAt);
  return head.find_first_of(" \\.,") == std::string_view::npos;
}

// Where the string whose inside begins at `at` ends.
std::size_t end_of_string(std::string_view json, std::size_t at) {
  while (true) {
    const auto quote = json.find('"', at);
    if (quote == std::string_view::npos) return json.size();
    std::size_t slashes = 0;
    while (slashes < quote && json[quote - slashes - 1] == '\\') ++slashes;
    if (slashes % 2 == 0) return quote;
    at = quote + 1;
  }
}

// In tenths of a token, rounded up. Without a branch, so that it takes many bytes at once.
std::size_t tenths(std::string_view text) {
  std::size_t words = 0;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    words +=
        static_cast<std::size_t>((static_cast<unsigned char>(byte - 'a') < 26) | (byte == ' '));
  }
  const std::size_t other = text.size() - words;
  constexpr std::size_t kTenths = 100;
  return (words * kTenths + kWordBytes - 1) / kWordBytes +
         (other * kTenths + kOtherBytes - 1) / kOtherBytes;
}

}  // namespace

std::int64_t quick_tokens(std::size_t text_bytes) {
  constexpr std::size_t kBytesPerToken = 4;
  return static_cast<std::int64_t>((text_bytes + kBytesPerToken - 1) / kBytesPerToken);
}

std::int64_t quick_prompt_tokens(const ChatRequest& chat) {
  std::size_t sum = 0;
  for (const char* key : {"messages", "tools", "functions", "prompt", "input"}) {
    const JsonMember* member = chat.find(key);
    if (member == nullptr) continue;
    const std::string_view json = chat.raw(*member);
    std::size_t begin = 0;  // of what is text
    for (auto quote = json.find('"'); quote != std::string_view::npos;) {
      const auto end = end_of_string(json, quote + 1);
      if (is_data(json.substr(quote + 1, end - quote - 1))) {
        sum += tenths(json.substr(begin, quote + 1 - begin));
        begin = end;
      }
      quote = end < json.size() ? json.find('"', end + 1) : std::string_view::npos;
    }
    sum += tenths(json.substr(begin));
  }
  constexpr std::size_t kTenths = 10;
  return static_cast<std::int64_t>((sum + kTenths - 1) / kTenths) +
         chat.wants.image_count * kTokensPerImage;
}

}  // namespace providers

// Tokens at a glance, declared in estimate.h.

#include <algorithm>
#include <array>

#include "providers/estimate.h"
#include "providers/tokens/quick_rate.h"

namespace providers {
namespace {

// Shorter ones are counted as text whatever they are.
constexpr std::size_t kShortestData = 1024;
// A look at sixteen bytes here and there, at all of a short one and at one in each kilobyte
// of a long one: text does not get past that, whatever its language, and the whole of a
// picture need not be read.
constexpr std::size_t kLooks = 256;
constexpr std::size_t kLookedAt = 16;
constexpr std::size_t kFarthestApart = 1024;

constexpr auto kBase64 = [] {
  std::array<bool, 256> is{};
  for (const char c : {'+', '/', '=', '-', '_'}) is[static_cast<unsigned char>(c)] = true;
  for (char c = 'a'; c <= 'z'; ++c) is[static_cast<unsigned char>(c)] = true;
  for (char c = 'A'; c <= 'Z'; ++c) is[static_cast<unsigned char>(c)] = true;
  for (char c = '0'; c <= '9'; ++c) is[static_cast<unsigned char>(c)] = true;
  return is;
}();

// Base64, with or without what a data URL puts before it.
bool is_data(std::string_view text) {
  constexpr std::string_view kMark = ";base64,";
  constexpr std::size_t kLongestPrefix = 128;
  if (text.size() < kShortestData) return false;
  if (text.starts_with("data:")) {
    const auto mark = text.substr(0, kLongestPrefix).find(kMark);
    if (mark == std::string_view::npos) return false;
    text.remove_prefix(mark + kMark.size());
  }
  const std::size_t apart = std::clamp(text.size() / kLooks, kLookedAt, kFarthestApart);
  for (std::size_t at = 0; at < text.size(); at += apart) {
    for (const char c : text.substr(at, kLookedAt)) {
      if (!kBase64[static_cast<unsigned char>(c)]) return false;
    }
  }
  return true;
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

}  // namespace

std::int64_t quick_prompt_tokens(const ChatRequest& chat) {
  QuickRate rate;
  for (const char* key : {"messages", "tools", "functions", "prompt", "input"}) {
    const JsonMember* member = chat.find(key);
    if (member == nullptr) continue;
    const std::string_view json = chat.raw(*member);
    std::size_t begin = 0;  // of what is text
    for (auto quote = json.find('"'); quote != std::string_view::npos;) {
      const auto end = end_of_string(json, quote + 1);
      if (is_data(json.substr(quote + 1, end - quote - 1))) {
        rate.add(json.substr(begin, quote + 1 - begin));
        begin = end;
      }
      quote = end < json.size() ? json.find('"', end + 1) : std::string_view::npos;
    }
    rate.add(json.substr(begin));
  }
  return rate.tokens() + chat.wants.image_count * kTokensPerImage;
}

}  // namespace providers

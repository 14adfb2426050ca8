#include "providers/quick_estimate.h"

#include <algorithm>
#include <array>

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

// What of it is no data.
void add_text(JsonValue value, QuickRate& rate) {
  const std::string_view json = value.raw();
  const char* begin = json.data();
  value.for_long_strings(kShortestData, [&](std::string_view inside) {
    if (!is_data(inside)) return;
    rate.add({begin, static_cast<std::size_t>(inside.data() - begin)});
    begin = inside.data() + inside.size();
  });
  rate.add({begin, static_cast<std::size_t>(json.data() + json.size() - begin)});
}

}  // namespace

std::int64_t quick_prompt_tokens(std::initializer_list<JsonValue> prompt, std::int64_t images) {
  QuickRate rate;
  for (const JsonValue value : prompt) {
    if (value) add_text(value, rate);
  }
  return rate.tokens() + images * kTokensPerImage;
}

}  // namespace providers

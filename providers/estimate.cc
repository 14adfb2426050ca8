// Guesses at tokens, declared in adapter.h.

#include <algorithm>

#include "providers/adapter.h"

namespace providers {
namespace {

// English text holds about four bytes per token in every vocabulary we meet.
constexpr std::size_t kBytesPerToken = 4;
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

std::size_t bytes_without_data(std::string_view json) {
  std::size_t bytes = json.size();
  for (auto quote = json.find('"'); quote != std::string_view::npos;) {
    const auto end = end_of_string(json, quote + 1);
    const auto text = json.substr(quote + 1, end - quote - 1);
    if (is_data(text)) bytes -= text.size();
    quote = end < json.size() ? json.find('"', end + 1) : std::string_view::npos;
  }
  return bytes;
}

}  // namespace

std::int64_t estimated_tokens(std::size_t text_bytes) {
  return static_cast<std::int64_t>((text_bytes + kBytesPerToken - 1) / kBytesPerToken);
}

std::int64_t estimated_prompt_tokens(const ChatRequest& chat) {
  std::size_t bytes = 0;
  for (const char* key : {"messages", "tools", "functions", "prompt", "input"}) {
    const JsonMember* member = chat.find(key);
    if (member != nullptr) bytes += bytes_without_data(chat.raw(*member));
  }
  return estimated_tokens(bytes) + chat.wants.image_count * kTokensPerImage;
}

Usage estimated_usage(const ChatRequest& chat, std::size_t delivered_bytes) {
  Usage usage;
  usage.tokens = Source::estimated;
  usage.prompt = estimated_prompt_tokens(chat);
  usage.completion = estimated_tokens(delivered_bytes);
  return usage;
}

}  // namespace providers

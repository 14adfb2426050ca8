#include "providers/tokens/token_counter.h"

#include <algorithm>

#include "providers/tokens/cl100k.h"

namespace providers {

std::int64_t calibrated(std::int64_t cl100k_tokens, config::Tokenizer tokenizer) {
  constexpr std::int64_t kTenth = 10;
  if (tokenizer == config::Tokenizer::cl100k_base) return cl100k_tokens;
  return cl100k_tokens + (cl100k_tokens + kTenth / 2) / kTenth;
}

std::int64_t count_tokens(std::string_view text, config::Tokenizer tokenizer) {
  return calibrated(cl100k::count(text), tokenizer);
}

void TokenTally::add(std::string_view text) {
  std::size_t looked_at = std::min(text.size(), kCounted - counted_bytes_);
  // A character is not cut.
  while (looked_at < text.size() && looked_at > 0 &&
         (static_cast<unsigned char>(text[looked_at]) & 0xc0) == 0x80) {
    --looked_at;
  }
  counted_ += cl100k::count(text.substr(0, looked_at));
  counted_bytes_ += looked_at;
  other_bytes_ += text.size() - looked_at;
}

std::int64_t TokenTally::tokens(config::Tokenizer tokenizer) const {
  std::int64_t all = counted_;
  if (other_bytes_ > 0) {
    const double per_byte = static_cast<double>(counted_) /
                            static_cast<double>(std::max<std::size_t>(counted_bytes_, 1));
    all += static_cast<std::int64_t>(per_byte * static_cast<double>(other_bytes_));
  }
  return calibrated(all, tokenizer) + plain_;
}

}  // namespace providers

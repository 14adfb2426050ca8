#pragma once
// Tokens of a text for the model it goes to or comes from: exact where the model's
// vocabulary is known, else a calibrated guess. Pure, any thread; no I/O.
//
// The guess is cl100k_base's count and a tenth. Measured on this project's prose, code and
// configuration, the vocabularies on either side of what is served need 0.99 times (o200k,
// 200,000 tokens) and 1.1 to 1.4 times (p50k, 50,000) as many tokens as cl100k; the models
// of today are nearer to the larger one. In scripts other than Latin the two are further
// apart (0.3 to 0.9, and 1.2 to 2.6), and so is the guess from either. clients.tokens
// measures it again and holds it to that.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "config/tokenizer.h"

namespace providers {

// `text` is UTF-8.
std::int64_t count_tokens(std::string_view text, config::Tokenizer tokenizer);

// What cl100k counted, for a model of that tokenizer.
std::int64_t calibrated(std::int64_t cl100k_tokens, config::Tokenizer tokenizer);

// Adds up texts of any length at a bounded cost: what is beyond the bound is taken to be
// like what was before it.
class TokenTally {
 public:
  // Bytes that are looked at; some milliseconds of work.
  static constexpr std::size_t kCounted = 256UL * 1024;

  void add(std::string_view text);
  // Of nothing but their number.
  void add_tokens(std::int64_t tokens) { plain_ += tokens; }

  std::int64_t tokens(config::Tokenizer tokenizer) const;

 private:
  std::int64_t counted_ = 0;
  std::size_t counted_bytes_ = 0;
  std::size_t other_bytes_ = 0;
  std::int64_t plain_ = 0;
};

}  // namespace providers

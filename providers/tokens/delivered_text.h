#pragma once
// What a client was given of an answer, as text: what an estimate is made from where its
// upstream never reports a count. Kept as it comes and counted only when asked, so that an
// answer with a count costs a copy of its text; long ones are counted piece by piece, so
// that it stays bounded. At such a cut the count may be a token off where blanks other than
// ASCII's meet. One per answer, one thread.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "config/tokenizer.h"
#include "providers/tokens/quick_rate.h"

namespace providers {

class DeliveredText {
 public:
  // A choice's parts, each a text of its own.
  enum class Part : std::uint8_t { content, reasoning, refusal, call_name, call_arguments };

  // Text that goes on where that part of that choice left off.
  void add(std::size_t choice, Part part, std::string_view text);
  // The same from between the quotes of a JSON string.
  void add_json(std::size_t choice, Part part, std::string_view inside);

  // From now on the first choice's content is kept whole as well, up to so many bytes: for
  // whoever goes on where it breaks off.
  void keep_content(std::size_t limit) { keep_ = limit; }
  // All of it; nullptr where it was not kept, was more than that, or something was delivered that
  // is neither it nor reasoning.
  const std::string* content() const { return whole_ && keep_ > 0 ? &content_ : nullptr; }

  // Bytes of text so far.
  std::size_t bytes() const { return bytes_; }
  // At a glance, at no cost.
  std::int64_t quick_tokens() const { return rate_.tokens(); }
  // A count of all of it; linear in what is kept, which is 64 KiB at most.
  std::int64_t tokens(config::Tokenizer tokenizer) const;

 private:
  void turn_to(std::size_t choice, Part part);
  void grow(std::size_t before, std::size_t choice, Part part);
  void keep(std::string_view text, std::size_t choice, Part part);
  void count_what_is_certain();

  std::string text_;  // parts stand apart by a byte that UTF-8 has not
  std::size_t bytes_ = 0;
  QuickRate rate_;
  std::size_t source_ = 0;    // whose text is at the end of text_
  std::int64_t counted_ = 0;  // tokens of text that is no longer kept

  std::size_t keep_ = 0;  // bytes; 0: none are kept
  bool whole_ = true;
  std::string content_;
};

}  // namespace providers

#include "providers/reka_chat_text.h"

namespace providers {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD

std::size_t trailing_replacements(std::string_view text) {
  std::size_t size = 0;
  while (text.ends_with(kReplacement)) {
    text.remove_suffix(kReplacement.size());
    size += kReplacement.size();
  }
  return size;
}

bool continues_a_character(char byte) {
  return (static_cast<unsigned char>(byte) & 0xC0) == 0x80;
}

}  // namespace

std::string_view CumulativeText::next(std::string_view text, bool last) {
  if (text.empty()) return {};
  ++chunks_;
  if (mode_ == config::StreamText::delta) return text;

  const std::size_t back = last ? 0 : trailing_replacements(text);
  const std::string_view whole = text.substr(0, text.size() - back);

  const bool grows = whole.starts_with(previous_);
  if (!grows && mode_ == config::StreamText::automatic && chunks_ == 2) {
    mode_ = config::StreamText::delta;
    const std::string_view first_rest = rest();
    if (first_rest.empty()) return text;
    scratch_.append(text);
    return scratch_;
  }
  kept_back_ = back;
  if (grows) {
    previous_.append(whole.substr(previous_.size()));
  } else {
    rewritten_ = true;
    previous_.assign(whole);
  }
  return unseen(whole);
}

std::string_view CumulativeText::unseen(std::string_view text) {
  if (text.size() <= sent_) return {};
  std::size_t begin = sent_;
  // After a rewrite the length sent may fall inside a character.
  while (begin < text.size() && continues_a_character(text[begin])) ++begin;
  sent_ = text.size();
  return text.substr(begin);
}

std::string_view CumulativeText::rest() {
  scratch_.clear();
  for (; kept_back_ > 0; kept_back_ -= kReplacement.size()) scratch_.append(kReplacement);
  return scratch_;
}

}  // namespace providers

#include "providers/tokens/delivered_text.h"

#include <algorithm>

#include "providers/tokens/split.h"
#include "providers/tokens/token_counter.h"
#include "providers/wire/json_text.h"

namespace providers {
namespace {

constexpr std::size_t kFirstRoom = 8UL * 1024;
constexpr std::size_t kKept = 64UL * 1024;
constexpr char kBreak = '\xff';

// In tokens of cl100k.
std::int64_t count_parts(std::string_view text) {
  TokenTally tally;
  while (true) {
    const auto end = std::min(text.find(kBreak), text.size());
    tally.add(text.substr(0, end));
    if (end == text.size()) return tally.tokens(config::Tokenizer::cl100k_base);
    text.remove_prefix(end + 1);
  }
}

// How much of a text nothing behind it can change the tokens of: up to its last piece that
// is no blank, since blanks are cut by what follows them.
std::size_t certain_prefix(std::string_view text) {
  std::size_t last = 0;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = piece_end(text, at);
    const auto piece = text.substr(at, end - at);
    if (piece.find_first_not_of(" \t\n\v\f\r") != std::string_view::npos) last = at;
    at = end;
  }
  return last;
}

}  // namespace

void DeliveredText::add(std::size_t choice, Part part, std::string_view text) {
  if (text.empty()) return;
  turn_to(choice, part);
  const std::size_t before = text_.size();
  text_.append(text);
  grow(before, choice, part);
}

void DeliveredText::add_json(std::size_t choice, Part part, std::string_view inside) {
  if (inside.empty()) return;
  turn_to(choice, part);
  const std::size_t before = text_.size();
  append_unescaped(text_, inside);
  grow(before, choice, part);
}

std::int64_t DeliveredText::tokens(config::Tokenizer tokenizer) const {
  return calibrated(counted_ + count_parts(text_), tokenizer);
}

void DeliveredText::turn_to(std::size_t choice, Part part) {
  constexpr std::size_t kParts = 8;
  const std::size_t source = choice * kParts + static_cast<std::size_t>(part);
  if (text_.capacity() < kFirstRoom) text_.reserve(kFirstRoom);
  if (source != source_ && !text_.empty()) text_ += kBreak;
  source_ = source;
}

void DeliveredText::grow(std::size_t before, std::size_t choice, Part part) {
  const auto added = std::string_view(text_).substr(before);
  bytes_ += added.size();
  rate_.add(added);
  if (keep_ > 0 && whole_) keep(added, choice, part);
  if (text_.size() >= kKept) count_what_is_certain();
}

void DeliveredText::keep(std::string_view text, std::size_t choice, Part part) {
  if (choice == 0 && part == Part::reasoning) return;
  whole_ = choice == 0 && part == Part::content && content_.size() + text.size() <= keep_;
  if (whole_) return void(content_.append(text));
  content_.clear();
  content_.shrink_to_fit();
}

void DeliveredText::count_what_is_certain() {
  const auto part = text_.rfind(kBreak);
  const std::size_t begin = part == std::string::npos ? 0 : part + 1;
  std::size_t certain = begin + certain_prefix(std::string_view(text_).substr(begin));
  // One endless piece: it is cut here, at a token more or less.
  if (text_.size() - certain > kKept / 2) certain = text_.size();
  counted_ += count_parts(std::string_view(text_).substr(0, certain));
  text_.erase(0, certain);
  if (text_.capacity() > 2 * kKept) text_.shrink_to_fit();
}

}  // namespace providers

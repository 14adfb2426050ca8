#include "providers/without_quotes.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "config/base/utf8.h"
#include "providers/wire/json_document.h"

namespace providers {
namespace {

static_assert(kShortestQuote == sizeof(std::uint64_t), "a window is one word");

// The last eight bytes of a text that goes by.
class Window {
 public:
  void push(char c) { bytes_ = (bytes_ << 8U) | static_cast<unsigned char>(c); }
  std::uint64_t bytes() const { return bytes_; }

 private:
  std::uint64_t bytes_ = 0;
};

// Which stretches of a short text also stand in others that go by.
class Quotes {
 public:
  explicit Quotes(std::string_view text)
      : quoted_(text.size(), false), marked_(text.size(), false) {
    Window window;
    for (std::size_t i = 0; i < text.size(); ++i) {
      window.push(text[i]);
      if (i + 1 < kShortestQuote) continue;
      places_.emplace_back(window.bytes(), i + 1 - kShortestQuote);
      maybe_[slot(window.bytes())] = true;
    }
    std::sort(places_.begin(), places_.end());
  }

  void look_for_in(std::string_view other) {
    Window window;
    for (std::size_t i = 0; i < other.size(); ++i) {
      window.push(other[i]);
      if (i + 1 >= kShortestQuote && maybe_[slot(window.bytes())]) mark(window.bytes());
    }
  }

  const std::vector<bool>& quoted() const { return quoted_; }

 private:
  static std::size_t slot(std::uint64_t bytes) {
    constexpr std::uint64_t kOdd = 0x9e3779b97f4a7c15;
    return (bytes * kOdd) >> 52U;
  }

  // The same bytes again mark nothing new: a long request may repeat a short text for ever.
  void mark(std::uint64_t bytes) {
    auto place = std::lower_bound(places_.begin(), places_.end(), std::pair(bytes, std::size_t{0}));
    for (; place != places_.end() && place->first == bytes; ++place) {
      if (marked_[place->second]) return;
      marked_[place->second] = true;
      std::fill_n(quoted_.begin() + static_cast<std::ptrdiff_t>(place->second), kShortestQuote,
                  true);
    }
  }

  std::vector<std::pair<std::uint64_t, std::size_t>> places_;  // windows, and where they begin
  std::array<bool, 4096> maybe_{};  // where a look at places_ is worth it: requests may be long
  std::vector<bool> quoted_;
  std::vector<bool> marked_;  // where a window begins that was found
};

void look_into(JsonValue value, Quotes& quotes, std::string& storage) {
  quotes.look_for_in(value.text(storage));
  for (JsonValue element : value.elements()) look_into(element, quotes, storage);
  for (const JsonMemberView& member : value.members()) {
    look_into(member.value, quotes, storage);
  }
}

}  // namespace

std::string without_quotes(const std::string& text, const ChatRequest& chat) {
  JsonDocument document;
  if (text.size() < kShortestQuote || !document.read(chat.bytes)) return text;
  Quotes quotes(text);
  std::string storage;
  for (const JsonMemberView& member : document.root().members()) {
    if (!member.key.equals("model")) look_into(member.value, quotes, storage);
  }
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (!quotes.quoted()[i]) {
      out.push_back(text[i]);
    } else if (i == 0 || !quotes.quoted()[i - 1]) {
      out += "***";
    }
  }
  // A window may begin or end inside a character.
  for (auto bad = config::find_invalid_utf8(out); bad != out.size();
       bad = config::find_invalid_utf8(out)) {
    out.erase(bad, 1);
  }
  return out;
}

}  // namespace providers

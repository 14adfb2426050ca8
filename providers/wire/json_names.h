#pragma once
// The members of objects that a reader knows by name: a name that comes along is compared with
// one of ours at most, however many there are. Made when compiling; any thread.
//
//   constexpr JsonNames kMessage("role", "content");
//   const auto [role, content] = kMessage.in(message);  // nothing for what is absent
//
//   enum { kRole, kContent };  // in the order of the names
//   switch (kMessage.find(member.key)) { case kRole: …

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "providers/wire/json_document.h"

namespace providers {

template <std::size_t kCount>
class JsonNames {
 public:
  static constexpr std::size_t kNone = kCount;

  template <class... Names>
  consteval explicit JsonNames(const Names&... names) : JsonNames(List{names...}) {}

  consteval explicit JsonNames(const std::array<std::string_view, kCount>& names) : names_(names) {
    constexpr std::uint32_t kGolden = 0x9E3779B1;  // spreads what differs little
    for (factor_ = kGolden; !places_are_apart();) factor_ += 2 * kGolden;
  }

  // Which of ours it is, or kNone.
  std::size_t find(std::string_view name) const {
    if (name.empty()) return kNone;
    const std::size_t at = places_[place(name)];
    return at != kNone && names_[at].size() == name.size() && same(names_[at], name) ? at : kNone;
  }

  // The same for a member's name, which may be spelled with escapes.
  std::size_t find(JsonValue key) const {
    if (key.near_escaped_keys()) [[unlikely]]
      return find_unescaped(key);
    return find(key.raw_text());
  }

  // The same for a text that may be one of ours.
  std::size_t find_text(JsonValue text) const {
    const std::size_t found = find(text.raw_text());
    return found == kNone && text.has_escapes() ? find_unescaped(text) : found;
  }

  // The first member of each name.
  std::array<JsonValue, kCount> in(JsonValue object) const {
    std::array<JsonValue, kCount> out;
    for (const JsonMemberView& member : object.members()) {
      const std::size_t at = find(member.key);
      if (at != kNone && !out[at]) out[at] = member.value;
    }
    return out;
  }

 private:
  using List = std::array<std::string_view, kCount>;

  // Apart from the others, so that those need no room for a string.
  [[gnu::noinline]] std::size_t find_unescaped(JsonValue text) const {
    return find(std::string_view(text.text()));
  }

  // Of the same length. Names are short: two looks that may overlap are cheaper than a call.
  template <class Word>
  static bool same_ends(std::string_view a, std::string_view b) {
    const auto differ = [&](std::size_t at) {
      Word left = 0;
      Word right = 0;
      std::memcpy(&left, a.data() + at, sizeof left);
      std::memcpy(&right, b.data() + at, sizeof right);
      return left ^ right;
    };
    return (differ(0) | differ(b.size() - sizeof(Word))) == 0;
  }
  static bool same(std::string_view a, std::string_view b) {
    if (b.size() > 16) return a == b;
    if (b.size() >= 8) return same_ends<std::uint64_t>(a, b);
    if (b.size() >= 4) return same_ends<std::uint32_t>(a, b);
    if (b.size() >= 2) return same_ends<std::uint16_t>(a, b);
    return a.front() == b.front();
  }

  // Room enough for a factor to be found soon that keeps all names apart.
  static constexpr std::size_t kBits = [] {
    std::size_t bits = 3;
    while ((std::size_t{1} << bits) < kCount * kCount / 8 || (std::size_t{1} << bits) < 2 * kCount)
      ++bits;
    return bits;
  }();

  // By length and three of its letters.
  constexpr std::size_t place(std::string_view name) const {
    const auto byte = [&](std::size_t at) {
      return static_cast<std::uint32_t>(static_cast<unsigned char>(name.data()[at]));
    };
    const std::uint32_t sum = byte(0) | byte(name.size() / 2) << 8 | byte(name.size() - 1) << 16 |
                              static_cast<std::uint32_t>(name.size()) << 24;
    return sum * factor_ >> (32 - kBits);
  }

  consteval bool places_are_apart() {
    places_.fill(kNone);
    for (std::size_t i = 0; i < kCount; ++i) {
      auto& taken = places_[place(names_[i])];
      if (taken != kNone) return false;
      taken = static_cast<std::uint8_t>(i);
    }
    return true;
  }

  static_assert(kCount > 0 && kCount < 255);

  List names_;
  std::uint32_t factor_ = 1;
  std::array<std::uint8_t, std::size_t{1} << kBits> places_{};
};

template <class... Names>
JsonNames(const Names&...) -> JsonNames<sizeof...(Names)>;
template <std::size_t kCount>
JsonNames(const std::array<std::string_view, kCount>&) -> JsonNames<kCount>;

}  // namespace providers

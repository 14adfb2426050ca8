#include "providers/wire/json_document.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <limits>

#include <simdjson.h>

#include "providers/wire/json_text.h"

namespace providers {
namespace {

using simdjson::internal::dom_parser_implementation;

// Tables that a large text made us grow are given back when a small one follows.
constexpr std::size_t kUsualText = 64 * 1024;
constexpr std::size_t kLargeText = 1024 * 1024;

// So many fit into 64 bits, whatever they are.
constexpr std::size_t kSafeDigits = 18;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// RFC 8259, section 6.
bool is_number(std::string_view text) {
  std::size_t at = 0;
  const auto digits = [&] {
    const std::size_t first = at;
    while (at < text.size() && is_digit(text[at])) ++at;
    return at > first;
  };
  if (at < text.size() && text[at] == '-') ++at;
  if (at < text.size() && text[at] == '0') {
    ++at;
  } else if (!digits()) {
    return false;
  }
  if (at < text.size() && text[at] == '.') {
    ++at;
    if (!digits()) return false;
  }
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    ++at;
    if (at < text.size() && (text[at] == '+' || text[at] == '-')) ++at;
    if (!digits()) return false;
  }
  return at == text.size();
}

// Encodings a client may have meant; none of them is UTF-8 without a mark.
JsonFault foreign_encoding(std::string_view text) {
  using namespace std::string_view_literals;
  if (text.starts_with("\xEF\xBB\xBF"sv)) return JsonFault::byte_order_mark;
  if (text.starts_with("\xFE\xFF"sv) || text.starts_with("\xFF\xFE"sv)) {
    return JsonFault::other_encoding;
  }
  // An ASCII character beside a NUL: UTF-16 or UTF-32 of either order.
  if (text.size() >= 2 && (text[0] == '\0') != (text[1] == '\0')) return JsonFault::other_encoding;
  if (text.starts_with("\0\0\0"sv)) return JsonFault::other_encoding;
  return JsonFault::none;
}

JsonFault fault_of(simdjson::error_code error) {
  switch (error) {
    case simdjson::SUCCESS:
      return JsonFault::none;
    case simdjson::EMPTY:
      return JsonFault::empty;
    case simdjson::UTF8_ERROR:
      return JsonFault::not_utf8;
    case simdjson::UNESCAPED_CHARS:
      return JsonFault::control_character;
    case simdjson::UNCLOSED_STRING:
      return JsonFault::open_string;
    default:
      return JsonFault::too_large;
  }
}

}  // namespace

std::string_view to_string(JsonFault fault) {
  constexpr std::string_view kNames[] = {
      "there is nothing wrong with it",
      "it is empty",
      "it is not UTF-8",
      "it begins with a byte order mark; send UTF-8 without one",
      "it is in UTF-16 or UTF-32; send UTF-8",
      "a string holds a control character; write it as an escape such as \\n",
      "a string is not closed",
      "a string holds a malformed escape",
      "a number is malformed",
      "a word is neither true, false nor null",
      "a comma, colon, bracket or value is missing or stands in the wrong place",
      "it ends too early",
      "something follows the value",
      "it is nested too deeply",
      "it is too large",
  };
  return kNames[static_cast<std::size_t>(fault)];
}

JsonDocument::JsonDocument() = default;
JsonDocument::~JsonDocument() = default;
JsonDocument::JsonDocument(JsonDocument&&) noexcept = default;
JsonDocument& JsonDocument::operator=(JsonDocument&&) noexcept = default;

bool JsonDocument::read(std::string_view text) {
  text_ = text;
  fault_ = index(text);
  fault_offset_ = 0;
  if (fault_ != JsonFault::none) return false;
  return walk();
}

JsonFault JsonDocument::index(std::string_view text) {
  if (const JsonFault foreign = foreign_encoding(text); foreign != JsonFault::none) return foreign;
  if (text.empty()) return JsonFault::empty;
  if (text.size() > std::numeric_limits<std::uint32_t>::max() / 2) return JsonFault::too_large;

  const bool outgrown = stage1_ && stage1_->capacity() > kLargeText && text.size() <= kUsualText;
  if (!stage1_ || outgrown) {
    stage1_.reset();
    if (simdjson::get_active_implementation()->create_dom_parser_implementation(
            std::max(text.size(), kUsualText), 1, stage1_) != simdjson::SUCCESS) {
      return JsonFault::too_large;
    }
  } else if (stage1_->capacity() < text.size()) {
    const std::size_t wanted = std::max(text.size(), stage1_->capacity() * 2);
    if (stage1_->set_capacity(wanted) != simdjson::SUCCESS) return JsonFault::too_large;
  }

  const auto* bytes = reinterpret_cast<const std::uint8_t*>(text.data());
  const auto error = stage1_->stage1(bytes, text.size(), simdjson::stage1_mode::regular);
  if (error != simdjson::SUCCESS) return fault_of(error);
  tokens_ = stage1_->structural_indexes.get();
  count_ = stage1_->n_structural_indexes;
  if (closers_size_ < count_ || outgrown) {
    closers_size_ = std::max<std::size_t>(count_, 1024);
    closers_ = std::make_unique_for_overwrite<std::uint32_t[]>(closers_size_);
  }
  return JsonFault::none;
}

bool JsonDocument::fail(JsonFault fault, std::size_t offset) {
  fault_ = fault;
  fault_offset_ = offset;
  return false;
}

bool JsonDocument::misplaced(std::uint32_t token) {
  if (token >= count_) return fail(JsonFault::unfinished, text_.size());
  return fail(JsonFault::misplaced, position(token));
}

// Checks order and nesting of tokens, and each scalar.
bool JsonDocument::walk() {
  std::array<std::uint32_t, kMaxJsonNesting> open;
  std::size_t depth = 0;
  next_escape_ = text_.find('\\');
  escaped_keys_ = false;

  // The token's first byte; 0, which begins none, behind the last.
  const auto first = [text = text_.data(), tokens = tokens_, count = count_](std::uint32_t token) {
    return token < count ? text[tokens[token]] : '\0';
  };

  bool is_member = false;
  std::uint32_t token = 0;
  while (true) {
    if (is_member) {
      if (first(token) != '"') return misplaced(token);
      if (!check_string(token++, true)) return false;
      if (first(token) != ':') return misplaced(token);
      ++token;
    }
    const char c = first(token);
    if (c == '"') {
      if (!check_string(token++, false)) return false;
    } else if (c == '{' || c == '[') {
      if (depth == kMaxJsonNesting) return fail(JsonFault::too_deep, position(token));
      open[depth++] = token++;
      is_member = c == '{';
      if (first(token) != (is_member ? '}' : ']')) continue;
    } else {
      if (token >= count_) return misplaced(token);
      if (const JsonFault fault = scalar_fault(token); fault != JsonFault::none) {
        return fail(fault, position(token));
      }
      ++token;
    }
    // What may follow: the ends of containers, then a comma and another value.
    while (depth > 0 && first(token) != ',') {
      const std::uint32_t opener = open[depth - 1];
      if (first(token) != (at(opener) == '{' ? '}' : ']')) return misplaced(token);
      closers_[opener] = token++;
      --depth;
    }
    if (depth == 0) break;
    ++token;
    is_member = at(open[depth - 1]) == '{';
  }
  return token == count_ || fail(JsonFault::trailing, position(token));
}

bool JsonDocument::check_escapes(std::uint32_t token, bool is_key) {
  const std::string_view text = inside(token);
  const std::size_t first = position(token) + 1;
  const std::size_t bad = bad_escape(text);
  if (bad != std::string_view::npos) return fail(JsonFault::bad_escape, first + bad);
  next_escape_ = text_.find('\\', first + text.size());
  escaped_keys_ = escaped_keys_ || is_key;
  return true;
}

JsonFault JsonDocument::scalar_fault(std::uint32_t token) const {
  const std::string_view text = part(position(token), scalar_end(token));
  switch (text.front()) {
    case 't':
      return text == "true" ? JsonFault::none : JsonFault::bad_literal;
    case 'f':
      return text == "false" ? JsonFault::none : JsonFault::bad_literal;
    case 'n':
      return text == "null" ? JsonFault::none : JsonFault::bad_literal;
    case ',':
    case ':':
    case ']':
    case '}':
      return JsonFault::misplaced;
    default:
      if (text.front() != '-' && !is_digit(text.front())) return JsonFault::bad_literal;
      return is_number(text) ? JsonFault::none : JsonFault::bad_number;
  }
}

bool JsonDocument::key_is(std::uint32_t token, std::string_view wanted) const {
  // The name's bytes with the closing quote right behind them. A wanted backslash is
  // spelled with two.
  const std::size_t first = position(token) + 1;
  if (text_.size() - first > wanted.size() && text_[first + wanted.size()] == '"' &&
      std::memcmp(text_.data() + first, wanted.data(), wanted.size()) == 0 &&
      wanted.find('\\') == std::string_view::npos) {
    return true;
  }
  return escaped_keys_ && JsonValue(this, token).equals(wanted);
}

JsonValue JsonValue::operator[](std::string_view key) const {
  if (type() != JsonType::object) return {};
  const std::uint32_t last = document_->closers_[token_];
  for (std::uint32_t name = token_ + 1; name < last;) {
    if (document_->key_is(name, key)) return {document_, name + 2};
    name = document_->after(name + 2) + 1;  // past the comma
  }
  return {};
}

JsonValue JsonValue::operator[](int index) const {
  for (const JsonValue element : elements()) {
    if (index-- == 0) return element;
  }
  return {};
}

std::size_t JsonValue::count() const {
  std::size_t count = 0;
  for ([[maybe_unused]] const JsonValue element : elements()) ++count;
  for ([[maybe_unused]] const JsonMemberView& member : members()) ++count;
  return count;
}

bool JsonValue::has_escapes() const {
  return raw_text().find('\\') != std::string_view::npos;
}

std::string_view JsonValue::text(std::string& storage) const {
  const std::string_view inside = raw_text();
  if (inside.find('\\') == std::string_view::npos) return inside;
  storage.clear();
  append_unescaped(storage, inside);
  return storage;
}

std::string JsonValue::text() const {
  const std::string_view inside = raw_text();
  if (inside.find('\\') == std::string_view::npos) return std::string(inside);
  std::string out;
  append_unescaped(out, inside);
  return out;
}

bool JsonValue::equals(std::string_view wanted) const {
  if (type() != JsonType::string) return false;
  // Names are compared many times per event and mostly differ in their first bytes, so
  // the string's end is not looked for; the document is valid, so it has one.
  const char* inside = document_->text_.data() + begin() + 1;
  for (std::size_t i = 0;; ++i) {
    const char byte = inside[i];
    if (byte == '"') return i == wanted.size();
    if (byte == '\\') return text() == wanted;
    if (i == wanted.size() || byte != wanted[i]) return false;
  }
}

std::optional<bool> JsonValue::boolean() const {
  if (type() != JsonType::boolean) return std::nullopt;
  return document_->at(token_) == 't';
}

std::optional<std::int64_t> JsonValue::integer() const {
  if (type() != JsonType::number) return std::nullopt;
  const std::string_view digits = raw();
  std::int64_t value = 0;
  if (digits.size() <= kSafeDigits && digits.front() != '-') {
    for (const char c : digits) {
      if (!is_digit(c)) return std::nullopt;
      value = value * 10 + (c - '0');
    }
    return value;
  }
  const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (read.ec != std::errc{} || read.ptr != digits.data() + digits.size()) return std::nullopt;
  return value;
}

std::optional<double> JsonValue::number() const {
  if (type() != JsonType::number) return std::nullopt;
  const std::string_view digits = raw();
  double value = 0;
  const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (read.ec != std::errc{}) return std::nullopt;
  return value;
}

}  // namespace providers

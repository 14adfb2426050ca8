#pragma once
// A JSON text, validated whole, and views to read it with. simdjson's first stage
// finds the tokens and checks UTF-8, quotes and control characters; one walk over
// the tokens checks everything else (grammar, escapes, numbers, nesting) and notes
// where each container ends, so that every later look is a matter of offsets.
// A number is checked as grammar, never converted: 1e400 is valid and stays as it
// was spelled.
// One thread. A JsonValue lasts until its document's next read(), and as long as
// the text, which is not copied; the text needs no padding.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace simdjson::internal {
class dom_parser_implementation;
}

namespace providers {

class JsonDocument;
class JsonMembers;
class JsonElements;

// Containers inside containers, at most.
inline constexpr std::size_t kMaxJsonNesting = 128;

enum class JsonType : std::uint8_t { absent, object, array, string, number, boolean, null };

// A value inside a document, or nothing: what is absent, or is asked of a value of
// another type, gives nothing in turn, so that chains need no checks between:
// event["choices"][0]["delta"]["content"].text().
class JsonValue {
 public:
  JsonValue() = default;
  JsonValue(const JsonDocument* document, std::uint32_t token)
      : document_(document), token_(token) {}

  explicit operator bool() const { return document_ != nullptr; }
  JsonType type() const;
  bool is(JsonType wanted) const { return type() == wanted; }
  bool is_null() const { return type() == JsonType::null; }

  // Offsets into the document's text: the first byte, and one past the last.
  std::size_t begin() const;
  std::size_t end() const;
  // The value as it is spelled; empty for nothing.
  std::string_view raw() const;

  // Of an object: the value of the first member of that name, escapes understood.
  JsonValue operator[](std::string_view key) const;
  // Of an array: linear in the index.
  JsonValue operator[](int index) const;
  // for (const JsonMemberView& member : value.members()); none if not an object.
  JsonMembers members() const;
  // for (JsonValue element : value.elements()); none if not an array.
  JsonElements elements() const;
  bool empty() const;  // a container without content, or no container at all
  std::size_t count() const;

  // Of a string: what stands between the quotes, and whether it holds escapes.
  std::string_view raw_text() const;
  bool has_escapes() const;
  // Of a string: its text, unescaped into `storage` only where that is needed;
  // empty for anything else. A lone surrogate escape becomes U+FFFD.
  std::string_view text(std::string& storage) const;
  std::string text() const;
  bool equals(std::string_view text) const;

  std::optional<bool> boolean() const;
  // A number without fraction and exponent that fits.
  std::optional<std::int64_t> integer() const;
  // Any number; nullopt where it is too large for a double.
  std::optional<double> number() const;

  // Of an object or anything in one: whether a member's name in the whole document is
  // spelled with escapes.
  bool near_escaped_keys() const;

  // Calls take(inside) for each string in it, names of members too, that is so many bytes long
  // or more between its quotes. Costs a look at each token, not at each byte.
  template <class Take>
  void for_long_strings(std::size_t least, Take&& take) const;

 private:
  const JsonDocument* document_ = nullptr;
  std::uint32_t token_ = 0;
};

struct JsonMemberView {
  JsonValue key;  // a string
  JsonValue value;
};

// Why a text is no JSON for us.
enum class JsonFault : std::uint8_t {
  none,
  empty,
  not_utf8,
  byte_order_mark,
  other_encoding,  // UTF-16 or UTF-32
  control_character,
  open_string,
  bad_escape,
  bad_number,
  bad_literal,
  misplaced,  // a token that cannot stand where it stands
  unfinished,
  trailing,  // something after the value
  too_deep,
  too_large,
};
// "a number is malformed": continues "The body is not valid JSON: ".
std::string_view to_string(JsonFault fault);

class JsonDocument {
 public:
  JsonDocument();
  ~JsonDocument();
  JsonDocument(JsonDocument&&) noexcept;
  JsonDocument& operator=(JsonDocument&&) noexcept;

  // Validates `text` from its first byte to its last. False: see fault().
  bool read(std::string_view text);

  // The whole value after a read() that went well, else nothing.
  JsonValue root() const { return fault_ == JsonFault::none ? JsonValue(this, 0) : JsonValue(); }

  JsonFault fault() const { return fault_; }
  // Where the fault was seen, as nearly as known.
  std::size_t fault_offset() const { return fault_offset_; }

  std::string_view bytes() const { return text_; }

 private:
  friend class JsonValue;
  friend class JsonMembers;
  friend class JsonElements;

  JsonFault index(std::string_view text);
  bool walk();
  bool fail(JsonFault fault, std::size_t offset);
  bool misplaced(std::uint32_t token);
  bool check_string(std::uint32_t token, bool is_key) {
    return next_escape_ >= tokens_[token + 1] || check_escapes(token, is_key);
  }
  bool check_escapes(std::uint32_t token, bool is_key);
  JsonFault scalar_fault(std::uint32_t token) const;

  // All below are asked with tokens that there are, so nothing is checked again.
  std::size_t position(std::uint32_t token) const { return tokens_[token]; }
  char at(std::uint32_t token) const { return text_.data()[tokens_[token]]; }
  std::string_view part(std::size_t begin, std::size_t end) const {
    return {text_.data() + begin, end - begin};
  }
  // One past the last byte of the scalar at `token`.
  std::size_t scalar_end(std::uint32_t token) const;
  // What stands between the quotes of the string at `token`.
  std::string_view inside(std::uint32_t token) const {
    std::size_t last = tokens_[token + 1] - 1;
    while (text_.data()[last] != '"') --last;
    return part(position(token) + 1, last);
  }
  bool key_is(std::uint32_t token, std::string_view wanted) const;
  // The token after the value that begins at `token`.
  std::uint32_t after(std::uint32_t token) const {
    const char c = at(token);
    return (c == '{' || c == '[' ? closers_[token] : token) + 1;
  }

  std::unique_ptr<simdjson::internal::dom_parser_implementation> stage1_;
  const std::uint32_t* tokens_ = nullptr;  // offsets of tokens, then the text's size
  std::uint32_t count_ = 0;
  std::unique_ptr<std::uint32_t[]> closers_;  // by opening token: its closing one
  std::size_t closers_size_ = 0;
  std::size_t next_escape_ = 0;  // while walking: the first backslash not yet passed
  bool escaped_keys_ = false;
  std::string_view text_;
  JsonFault fault_ = JsonFault::empty;
  std::size_t fault_offset_ = 0;
};

class JsonMembers {
 public:
  class iterator {
   public:
    iterator(const JsonDocument* document, std::uint32_t token)
        : document_(document), token_(token) {}
    JsonMemberView operator*() const {
      return {JsonValue(document_, token_), JsonValue(document_, token_ + 2)};
    }
    iterator& operator++();
    bool operator==(const iterator& other) const { return token_ == other.token_; }

   private:
    const JsonDocument* document_;
    std::uint32_t token_;  // of the key; past the last member: of the closing brace
  };

  JsonMembers(const JsonDocument* document, std::uint32_t first, std::uint32_t last)
      : document_(document), first_(first), last_(last) {}
  iterator begin() const { return {document_, first_}; }
  iterator end() const { return {document_, last_}; }

 private:
  const JsonDocument* document_;
  std::uint32_t first_;
  std::uint32_t last_;
};

class JsonElements {
 public:
  class iterator {
   public:
    iterator(const JsonDocument* document, std::uint32_t token)
        : document_(document), token_(token) {}
    JsonValue operator*() const { return {document_, token_}; }
    iterator& operator++();
    bool operator==(const iterator& other) const { return token_ == other.token_; }

   private:
    const JsonDocument* document_;
    std::uint32_t token_;  // of the element; past the last one: of the closing bracket
  };

  JsonElements(const JsonDocument* document, std::uint32_t first, std::uint32_t last)
      : document_(document), first_(first), last_(last) {}
  iterator begin() const { return {document_, first_}; }
  iterator end() const { return {document_, last_}; }

 private:
  const JsonDocument* document_;
  std::uint32_t first_;
  std::uint32_t last_;
};

// Small and in every loop of every adapter, so they can be inlined.

inline JsonType JsonValue::type() const {
  if (document_ == nullptr) return JsonType::absent;
  switch (document_->at(token_)) {
    case '{':
      return JsonType::object;
    case '[':
      return JsonType::array;
    case '"':
      return JsonType::string;
    case 't':
    case 'f':
      return JsonType::boolean;
    case 'n':
      return JsonType::null;
    default:
      return JsonType::number;
  }
}

inline std::size_t JsonDocument::scalar_end(std::uint32_t token) const {
  std::size_t end = tokens_[token + 1];
  for (char last = text_.data()[end - 1];
       last == ' ' || last == '\n' || last == '\r' || last == '\t';) {
    last = text_.data()[--end - 1];
  }
  return end;
}

inline std::size_t JsonValue::begin() const {
  return document_ == nullptr ? 0 : document_->position(token_);
}

inline std::size_t JsonValue::end() const {
  if (document_ == nullptr) return 0;
  const char c = document_->at(token_);
  if (c == '{' || c == '[') return document_->position(document_->closers_[token_]) + 1;
  return document_->scalar_end(token_);
}

inline std::string_view JsonValue::raw() const {
  if (document_ == nullptr) return {};
  return document_->part(begin(), end());
}

inline std::string_view JsonValue::raw_text() const {
  if (document_ == nullptr || document_->at(token_) != '"') return {};
  return document_->inside(token_);
}

inline bool JsonValue::empty() const {
  const JsonType kind = type();
  if (kind != JsonType::object && kind != JsonType::array) return true;
  return document_->closers_[token_] == token_ + 1;
}

inline bool JsonValue::near_escaped_keys() const {
  return document_ != nullptr && document_->escaped_keys_;
}

template <class Take>
void JsonValue::for_long_strings(std::size_t least, Take&& take) const {
  if (document_ == nullptr) return;
  const std::uint32_t last = document_->after(token_);
  for (std::uint32_t token = token_; token < last; ++token) {
    if (document_->tokens_[token + 1] - document_->tokens_[token] <= least) continue;
    if (document_->at(token) != '"') continue;
    const std::string_view inside = document_->inside(token);
    if (inside.size() >= least) take(inside);
  }
}

inline JsonMembers JsonValue::members() const {
  if (type() != JsonType::object) return {nullptr, 0, 0};
  return {document_, token_ + 1, document_->closers_[token_]};
}

inline JsonElements JsonValue::elements() const {
  if (type() != JsonType::array) return {nullptr, 0, 0};
  return {document_, token_ + 1, document_->closers_[token_]};
}

inline JsonMembers::iterator& JsonMembers::iterator::operator++() {
  token_ = document_->after(token_ + 2);
  if (document_->at(token_) == ',') ++token_;
  return *this;
}

inline JsonElements::iterator& JsonElements::iterator::operator++() {
  token_ = document_->after(token_);
  if (document_->at(token_) == ',') ++token_;
  return *this;
}

}  // namespace providers

#pragma once
// Writes an upstream's request: small things are copied into one owned range, long
// pieces of the client's bytes (data URLs, whole histories) are borrowed, as a
// spliced request does. One per request; `client_bytes` outlive the Body.

#include <functional>
#include <string>
#include <string_view>

#include "providers/wire/body.h"
#include "providers/wire/json_writer.h"

namespace providers::reka {

class RequestText {
 public:
  RequestText(Body& body, std::string_view client_bytes) : body_(body), client_(client_bytes) {}
  RequestText(const RequestText&) = delete;
  RequestText& operator=(const RequestText&) = delete;

  // For everything short. raw() and value() of long client bytes belong to the
  // functions below.
  JsonWriter& json() { return json_; }

  // A value as the client spelled it.
  void raw(std::string_view value) {
    if (!worth_borrowing(value)) {
      json_.raw(value);
      return;
    }
    json_.raw({});
    borrow(value);
  }

  // A string value: `prefix`, which needs no escapes, and then `text`, unescaped.
  void string(std::string_view prefix, std::string_view text) {
    json_.raw("\"");
    text_.append(prefix);
    if (worth_borrowing(text) && needs_no_escapes(text)) {
      borrow(text);
    } else {
      append_escaped(text_, text);
    }
    text_.push_back('"');
  }

  // Must be called once, at the end.
  void finish() {
    body_.own(text_);
    text_.clear();
  }

 private:
  static constexpr std::size_t kWorthBorrowing = 2048;

  bool worth_borrowing(std::string_view value) const {
    const std::less_equal<const char*> before;
    return value.size() >= kWorthBorrowing && before(client_.data(), value.data()) &&
           before(value.data() + value.size(), client_.data() + client_.size());
  }

  static bool needs_no_escapes(std::string_view text) {
    for (const char c : text) {
      if (static_cast<unsigned char>(c) < 0x20 || c == '"' || c == '\\') return false;
    }
    return true;
  }

  void borrow(std::string_view value) {
    body_.own(text_);
    text_.clear();
    body_.borrow(value);
  }

  Body& body_;
  std::string_view client_;
  std::string text_;
  JsonWriter json_{text_};
};

}  // namespace providers::reka

#pragma once
// Appends JSON text to a string: commas, quotes and escapes are written here and
// nowhere else. The caller pairs begins and ends; strings are UTF-8. One thread.
//
//   JsonWriter json(out);
//   json.begin_object().member("model", model).key("stop").begin_array();
//   for (auto stop : stops) json.value(stop);
//   json.end_array().end_object();

#include <charconv>
#include <concepts>
#include <cstddef>
#include <string>
#include <string_view>

#include "providers/wire/json_text.h"

namespace providers {

class JsonWriter {
 public:
  explicit JsonWriter(std::string& out) : out_(out) {}

  JsonWriter& begin_object() { return open('{'); }
  JsonWriter& end_object() { return close('}'); }
  JsonWriter& begin_array() { return open('['); }
  JsonWriter& end_array() { return close(']'); }

  JsonWriter& key(std::string_view name) {
    separate();
    append_quoted(out_, name);
    out_.push_back(':');
    needs_comma_ = false;
    return *this;
  }

  JsonWriter& value(std::string_view text) {
    separate();
    append_quoted(out_, text);
    return *this;
  }
  JsonWriter& value(const char* text) { return value(std::string_view(text)); }
  template <class Flag>
    requires std::same_as<Flag, bool>
  JsonWriter& value(Flag flag) {
    return raw(flag ? "true" : "false");
  }
  template <class Number>
    requires(std::integral<Number> && !std::same_as<Number, bool> && !std::same_as<Number, char>)
  JsonWriter& value(Number number) {
    char digits[24];
    const auto written = std::to_chars(digits, digits + sizeof digits, number);
    return raw({digits, static_cast<std::size_t>(written.ptr - digits)});
  }
  JsonWriter& null() { return raw("null"); }

  // A value that is JSON text already.
  JsonWriter& raw(std::string_view json) {
    separate();
    out_.append(json);
    return *this;
  }

  template <class Value>
  JsonWriter& member(std::string_view name, const Value& content) {
    return key(name).value(content);
  }
  JsonWriter& raw_member(std::string_view name, std::string_view json) {
    return key(name).raw(json);
  }
  // Whole members, without braces and outer commas: `"a":1,"b":2`; may be empty.
  JsonWriter& raw_members(std::string_view members) {
    return members.empty() ? *this : raw(members);
  }

 private:
  JsonWriter& open(char brace) {
    separate();
    out_.push_back(brace);
    needs_comma_ = false;
    return *this;
  }
  JsonWriter& close(char brace) {
    out_.push_back(brace);
    needs_comma_ = true;
    return *this;
  }
  void separate() {
    if (needs_comma_) out_.push_back(',');
    needs_comma_ = true;
  }

  std::string& out_;
  bool needs_comma_ = false;
};

}  // namespace providers

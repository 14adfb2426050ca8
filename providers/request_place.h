#pragma once
// Where in a request a check is: a chain on the stack that is spelled only when an
// error needs it, and the errors that every rule may give.

#include <cstddef>
#include <string>
#include <string_view>

#include "config/base/error.h"
#include "providers/wire/json_document.h"

namespace providers {

struct Place {
  static constexpr std::size_t kNoIndex = static_cast<std::size_t>(-1);

  std::string_view name;  // of a member; empty for an element
  const Place* parent = nullptr;
  std::size_t index = kNoIndex;  // of an element

  Place member(std::string_view key) const { return {key, this, kNoIndex}; }
  Place element(std::size_t at) const { return {{}, this, at}; }

  // "messages[3].content": as OpenAI names a `param`.
  std::string str() const;
};

// "`n` must be a whole number from 1 to 128, but is a string."
config::Error wrong_type(const Place& place, std::string_view wanted, JsonValue found);
// "`n` must be …": where the type is right and the value is not.
config::Error wrong_value(const Place& place, std::string_view wanted);
config::Error missing(const Place& place, std::string_view wanted);

// No name twice in this object, whose values may hold what they like.
config::Result<void> check_unique(const Place& place, JsonValue object);
// The same for it and all objects within.
config::Result<void> check_unique_within(const Place& place, JsonValue value);

// Refuses an object that is none, or that holds a name twice.
config::Result<void> check_object(const Place& place, JsonValue value);
// Refuses what is no string; absent is refused too.
config::Result<void> check_text(const Place& place, JsonValue value);
// The same, but absent and null pass.
config::Result<void> check_optional_text(const Place& place, JsonValue value);

}  // namespace providers

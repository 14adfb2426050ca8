#pragma once
// The top-level members of a JSON object with the places where they stand, for
// texts that are spliced rather than rewritten: a request, an upstream's answer or
// one of its events. The whole text is validated (json_document.h).

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "providers/wire/json_document.h"

namespace providers {

// A member of a JSON object, as offsets into the text that holds it.
struct JsonMember {
  std::string key;        // unescaped
  std::size_t begin = 0;  // the key's opening quote
  std::size_t value = 0;  // the value's first byte
  std::size_t end = 0;    // one past the value's last byte
};

// The members of `object` in order, into `out`, which keeps its memory.
void list_members(JsonValue object, std::vector<JsonMember>& out);

// A name that occurs twice in `object`, escapes understood; nullopt: none does.
std::optional<std::string> duplicate_key(JsonValue object);

}  // namespace providers

#pragma once
// A JSON object of which every member must be known: members are asked for one by one, and
// what was never asked for is refused with the nearest known name, as is a name given twice
// or a value of another type. The first fault is kept and told by done(), so that readers
// need no checks between. An absent member leaves its place as it is; null empties it. On
// the stack while a document is read; the document must stay as it is.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/base/error.h"
#include "providers/request_place.h"
#include "providers/wire/json_document.h"

namespace providers {

class StrictObject {
 public:
  // `place`: where the object stands in its document; outlives this.
  StrictObject(JsonValue value, const Place& place);

  // The member, which is known from now on; nothing where it is absent.
  JsonValue get(std::string_view name);
  Place place_of(std::string_view name) const { return place_.member(name); }

  // One line of at most `longest` bytes, without control characters.
  void text(std::string_view name, std::string& out, std::size_t longest);
  // At most `most` such lines, none empty.
  void words(std::string_view name, std::vector<std::string>& out, std::size_t most,
             std::size_t longest);
  void flag(std::string_view name, bool& out);
  void whole(std::string_view name, std::optional<std::int64_t>& out, std::int64_t least,
             std::int64_t most);

  // For what is wrong beyond types; the first one counts.
  void fail(config::Error error);
  bool failed() const { return fault_.has_value(); }

  // After everything was asked for.
  config::Result<void> done();

 private:
  bool one_line(const Place& place, JsonValue value, std::string& out, std::size_t longest);

  const Place& place_;
  const JsonValue value_;
  std::vector<std::string_view> known_;  // literals
  std::optional<config::Error> fault_;
};

}  // namespace providers

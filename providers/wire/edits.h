#pragma once
// Changes to a text, noted as they are found and applied in one pass: what no change
// touches is borrowed from the text, what is short is copied beside its neighbours, since a
// range of its own would cost more than the copy. Reused from event to event: clear()
// keeps the memory. One thread.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "providers/wire/body.h"
#include "providers/wire/json_document.h"

namespace providers {

class Edits {
 public:
  // Bytes [begin, end) become `with`. Ranges may touch but not overlap; several
  // insertions at one place stand in the order they were noted.
  void replace(std::size_t begin, std::size_t end, std::string_view with);
  void cut(std::size_t begin, std::size_t end) { replace(begin, end, {}); }
  void insert(std::size_t at, std::string_view text) { replace(at, at, text); }

  // Takes back what was noted within [begin, end).
  void forget(std::size_t begin, std::size_t end);

  // Where the byte at `at`, which is not inside a change, stands in the changed text.
  std::size_t place_of(std::size_t at) const;

  void clear();
  bool empty() const { return edits_.empty(); }

  // Appends the changed text, which must live as long as `out` is sent.
  void apply(std::string_view text, Body& out);

 private:
  struct Edit {
    std::size_t begin;
    std::size_t end;
    std::size_t with;  // offset in texts_
    std::size_t size;
  };

  void sort();

  std::vector<Edit> edits_;
  std::string texts_;
  bool sorted_ = true;
};

// Notes which members of one object go and what is added to it, keeping the commas
// right. Members are named in the order they stand; then finish().
class MemberEdits {
 public:
  // `open` is where the object's brace stands.
  MemberEdits(Edits& edits, std::size_t open) : edits_(edits), last_kept_(open + 1) {}

  void keep(std::size_t begin, std::size_t end);
  void drop(std::size_t begin, std::size_t end);
  // `added`: whole members, without outer commas; may be empty.
  void finish(std::string_view added);

 private:
  Edits& edits_;
  std::size_t last_kept_;  // one past it; just inside the brace while there is none
  bool any_kept_ = false;
  bool dropping_ = false;
  std::size_t drop_begin_ = 0;
  std::size_t drop_end_ = 0;
};

// Adds whole members, without outer commas, behind those that an object of the text has; none of
// them goes.
void append_members(Edits& edits, JsonValue object, std::string_view added);

}  // namespace providers

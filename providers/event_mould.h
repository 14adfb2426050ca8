#pragma once
// Most events of a stream are the one before with another text in it. This remembers one event
// and what was written for it, both in two halves around the text, and knows the next of its kind
// by comparing the halves, without reading it as JSON: between the same halves, a text that needs
// no escape and is UTF-8 leaves the same document. Only for an event that changed nothing in its
// decoder but what was delivered, so that decoding it again would write the same. One per stream,
// one thread.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "providers/wire/body.h"
#include "providers/wire/edits.h"

namespace providers {

class EventMould {
 public:
  // Whether another event is to be remembered: where none of the last few was like the one that
  // is, and not for ever in a stream of which none comes twice.
  bool wants() const {
    return event_.before.empty() || (unlike_ >= kPatience && in_vain_ < kMostInVain);
  }

  // Remembers an event's `data`, the edits made to it, and where its text stands in it: in choice
  // `choice`, untouched by the edits.
  void cast(std::string_view data, std::size_t begin, std::size_t end, Edits& edits,
            std::size_t choice);

  // The text of one that differs from the remembered event by that alone.
  std::optional<std::string_view> text_of(std::string_view data);
  // Appends what the client gets for it.
  void write(std::string_view text, Body& out) const;
  std::size_t choice() const { return choice_; }

 private:
  // Choices that come by turns are not worth a change each time.
  static constexpr int kPatience = 4;
  static constexpr int kMostInVain = 4;

  struct Halves {
    std::string before;
    std::string behind;
  };

  Halves event_;
  Halves written_;
  std::size_t choice_ = 0;
  int unlike_ = 0;   // events, one behind the other
  int in_vain_ = 0;  // were remembered, one behind the other
};

}  // namespace providers

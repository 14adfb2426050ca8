#pragma once
// Turns the texts of Reka's native stream into what is new in each. A native chunk
// repeats the whole text so far (wire-facts 1.2.4), yet one old client appends, so
// the mode can be told apart from the second chunk. One per stream, one thread.

#include <cstddef>
#include <string>
#include <string_view>

#include "config/capabilities.h"

namespace providers {

class CumulativeText {
 public:
  explicit CumulativeText(config::StreamText mode) : mode_(mode) {}

  // What the client has not seen yet. `last`: the chunk carries a finish reason, so
  // its text is complete. The view points into `text` or into this object and lasts
  // until the next call. Trailing U+FFFD of a text that is not the last are kept
  // back: a character decoded half way, which the next chunk writes anew.
  std::string_view next(std::string_view text, bool last);

  // What was kept back when the stream ended without a last text.
  std::string_view rest();

  // The upstream changed text that was already sent; what followed was continued
  // from the length sent.
  bool rewritten() const { return rewritten_; }

 private:
  std::string_view unseen(std::string_view text);

  config::StreamText mode_;
  std::string previous_;       // the last text, without what is kept back
  std::size_t sent_ = 0;       // bytes given out
  std::size_t kept_back_ = 0;  // bytes of U+FFFD not given out
  std::size_t chunks_ = 0;     // texts that were not empty
  bool rewritten_ = false;
  std::string scratch_;
};

}  // namespace providers

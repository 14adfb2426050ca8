#pragma once
// Splits a model's text into its reasoning and its answer where a server leaves the
// tags inline (`<reasoning>…</reasoning>answer<sep>`, as self-hosted reka-flash-3
// does). Tags may be cut anywhere: whatever could still become one is held back. Any
// split of the text gives the same two texts. One per choice of a stream; one thread.

#include <cstdint>
#include <string>
#include <string_view>

#include "config/capabilities.h"

namespace providers {

class ReasoningTags {
 public:
  // `tags`: opening and closing, or empty for none. `stops`: strings taken off the end
  // of the answer, with the blanks before them. Both outlive this.
  ReasoningTags(const config::Words& tags, const config::Words& stops);

  // Appends what is certain by now.
  void feed(std::string_view text, std::string& reasoning, std::string& answer);

  // The text is over: appends what was held back.
  void finish(std::string& reasoning, std::string& answer);

  // The server gives reasoning in a field of its own: tags are plain text from here.
  void ignore_tags();

 private:
  enum class At : std::uint8_t { start, thinking, answer };

  bool open_tag();
  bool close_tag(std::string& reasoning);
  void give(std::string& answer);
  std::size_t held_from() const;
  bool ends_with_stop() const;

  const config::Words& stops_;
  std::string_view open_;
  std::string_view close_;
  At at_ = At::start;
  bool trim_ = false;  // blanks between the closing tag and the answer
  std::string held_;
};

}  // namespace providers

#pragma once
// Why an answer ended, in OpenAI's words, from the words of those who speak almost
// OpenAI. Pure.

#include <string_view>

namespace providers {

struct Finish {
  std::string_view reason;  // stop, length, tool_calls, content_filter or function_call
  bool known = true;        // false: the upstream's own word should stand beside it
  bool failed = false;      // no finish at all: the upstream broke off
};

// `upstream` empty: it gave none at a clean end. An answer that holds tool calls ends
// with tool_calls, whatever was said, but for one that was cut off: its arguments may be
// cut as well, and the caller must know.
Finish finish_of(std::string_view upstream, bool has_tool_calls);

}  // namespace providers

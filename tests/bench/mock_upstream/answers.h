#pragma once
// What the mock upstream says, made once and sent as it is. Any thread.

#include <cstddef>
#include <string>

namespace bench {

// A chat completion as OpenAI's API gives it, head included; its body has `body_bytes` bytes,
// or as many as it takes where those are too few.
std::string whole_answer(std::size_t body_bytes);

// A stream in pieces, each whole events in one HTTP chunk.
struct StreamParts {
  std::string opening;  // the head, the role, and the first content
  std::string event;    // one more piece of content
  std::string closing;  // finish reason, usage, [DONE], the end of the message
};
StreamParts stream_parts();

// Events that a client reads of a stream with `contents` pieces of content: the role, the contents,
// finish reason, usage and [DONE].
constexpr std::size_t events_of_stream(std::size_t contents) {
  return contents + 4;
}

}  // namespace bench

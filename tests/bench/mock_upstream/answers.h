#pragma once
// What the mock upstream says, made once and sent with the model's number put in. One thread.

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace bench {

// The four digits in which the models of a measurement differ: "bench-0417".
using ModelDigits = std::array<char, 4>;
// Those of a request by the beginning of its body; "0000" where it asks for none of these models.
ModelDigits model_asked(std::string_view beginning_of_body);

// Bytes that name the model asked for, as upstreams do.
class Answer {
 public:
  Answer() = default;
  // Finds where models are named.
  explicit Answer(std::string bytes);
  // A view of this object's, until the next call.
  std::string_view about(ModelDigits model);

 private:
  std::string bytes_;
  std::vector<std::size_t> places_;
};

// A chat completion as OpenAI's API gives it, head included; its body has `body_bytes` bytes,
// or as many as it takes where those are too few.
Answer whole_answer(std::size_t body_bytes);

// A stream in pieces, each whole events in one HTTP chunk.
struct StreamParts {
  Answer opening;  // the head, the role, and the first content
  Answer event;    // one more piece of content
  Answer closing;  // finish reason, usage, [DONE], the end of the message
};
StreamParts stream_parts();

}  // namespace bench

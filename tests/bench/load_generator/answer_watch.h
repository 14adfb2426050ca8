#pragma once
// What an answer amounts to while it comes: its status, bytes, events, and when its first content
// was there. One per connection, begun anew with each request, one thread.

#include <cstdint>
#include <string>
#include <string_view>

#include "tests/bench/wire/clock.h"
#include "tests/bench/wire/message_reader.h"

namespace bench {

class AnswerWatch {
 public:
  enum class State { waits, ended, malformed };

  void begin(bool stream);
  // Bytes as they were read. After `ended` what is left of them belongs to nothing.
  State take(std::string_view bytes, Nanoseconds time);

  int status() const { return reader_.status(); }
  std::uint64_t body_bytes() const { return body_bytes_; }
  std::uint64_t events() const { return events_; }              // that have ended
  Nanoseconds first_content() const { return first_content_; }  // kNever: none yet

 private:
  void look(std::string_view body, Nanoseconds time);
  void look_for_content(std::string_view body, Nanoseconds time);

  MessageReader reader_{MessageReader::Of::responses};
  bool stream_ = false;
  std::uint64_t body_bytes_ = 0;
  std::uint64_t events_ = 0;
  Nanoseconds first_content_ = kNever;
  bool after_line_ = false;  // the last byte ended a line
  std::string tail_;         // of the body, where content may have begun
};

}  // namespace bench

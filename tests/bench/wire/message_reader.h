#pragma once
// Finds HTTP/1.1 messages in a stream of bytes: where a head ends, what of the rest is body,
// where the message ends. No more than a well-behaved peer needs, and none of the gateway's
// code, whose faults an instrument must not share. One per connection and direction, one thread.
//
//   for (auto part = reader.next(bytes); part.kind != Part::more; part = reader.next(bytes)) …

#include <cstdint>
#include <string>
#include <string_view>

namespace bench {

struct Part {
  enum Kind {
    more,       // every byte is used up
    head,       // status() and the framing are known
    body,       // `bytes`, a view into what next() was given
    end,        // of the message; the next one may follow
    malformed,  // nothing further can be read
  };
  Kind kind = more;
  std::string_view bytes;
};

class MessageReader {
 public:
  enum class Of { requests, responses };
  explicit MessageReader(Of what) : what_(what) {}

  // Takes from the front of `bytes` what it used.
  Part next(std::string_view& bytes);

  // Of the response whose head came last.
  int status() const { return status_; }

 private:
  enum class State { head, sized, chunk_size, chunk, after_chunk, trailer, ended, broken };

  Part read_head(std::string_view& bytes);
  Part read_body(std::string_view& bytes);
  Part read_chunk_size(std::string_view& bytes);
  bool parse_head(std::string_view head);
  bool parse_field(std::string_view line);
  // One line without its end, across calls if need be; false: it has not ended.
  bool read_line(std::string_view& bytes, std::string_view& line);
  Part fail();

  const Of what_;
  State state_ = State::head;
  int status_ = 0;
  bool chunked_ = false;
  std::uint64_t left_ = 0;  // of the body, or of the chunk
  std::string line_;        // the beginning of a head or a line whose end has not come
  std::string whole_;       // what `line` of read_line() points into, where it came in pieces
};

}  // namespace bench

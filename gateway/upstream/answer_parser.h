#pragma once
// One upstream answer out of a byte stream: head (interim 1xx skipped), then body with
// its framing removed. llhttp in strict mode reads the grammar; the rules beyond it
// (framing, line ends, sizes) stand in answer_parser.cc, one function each. Does no
// I/O. One per exchange; reset() for a retry.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <llhttp.h>

#include "config/base/error.h"

namespace gateway::upstream {

class AnswerParser {
 public:
  static constexpr std::size_t kMaxHead = 64 * 1024;  // interim heads included
  static constexpr std::size_t kMaxFields = 512;
  static constexpr int kMaxInterim = 16;
  // Chunk sizes, extensions and trailers in a row without a byte of body.
  static constexpr std::size_t kMaxFramingRun = 64 * 1024;
  static constexpr std::uint64_t kMaxChunk = std::uint64_t{1} << 40;

  AnswerParser();
  AnswerParser(const AnswerParser&) = delete;
  AnswerParser& operator=(const AnswerParser&) = delete;

  void reset();

  // Takes what was read, in order. Returns the body bytes among them, moved together in
  // place, so valid as long as `bytes`. An Error is upstream_garbled.
  config::Result<std::string_view> feed(std::span<char> bytes);

  // The peer has closed: the end of a body without length, else the answer was cut.
  config::Result<void> closed();

  bool started() const { return started_; }
  bool head_complete() const { return head_complete_; }
  bool complete() const { return complete_; }
  // Valid once complete(): another request may follow on this connection.
  bool reusable() const { return keep_alive_ && !surplus_; }

  int status() const { return status_; }
  using Field = std::pair<std::string_view, std::string_view>;
  std::span<const Field> fields() const { return fields_; }
  std::optional<std::uint64_t> content_length() const { return content_length_; }

 private:
  struct Callbacks;

  config::Result<std::size_t> take_head(std::string_view bytes);
  config::Result<void> read_head();
  config::Result<void> check_head();
  config::Result<void> check_framing();

  llhttp_t llhttp_;

  std::string head_;            // raw; fields_ point into it
  std::size_t line_begin_ = 0;  // of the unfinished line in head_
  std::size_t interim_bytes_ = 0;
  int interim_heads_ = 0;
  std::vector<Field> fields_;
  int status_ = 0;
  std::optional<std::uint64_t> content_length_;

  char* fed_ = nullptr;        // during feed() of body bytes
  std::size_t body_size_ = 0;  // of those, moved to the front
  std::size_t framing_run_ = 0;

  bool started_ = false;
  bool head_complete_ = false;
  bool complete_ = false;
  bool message_over_ = false;  // llhttp has seen the end of what it was given
  bool keep_alive_ = false;
  bool surplus_ = false;  // bytes behind the end
};

}  // namespace gateway::upstream

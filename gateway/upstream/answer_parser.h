#pragma once
// One upstream answer out of a byte stream: head (interim 1xx skipped), then body with
// its framing removed. http::Parser reads the grammar; what an answer must obey beyond
// it stands in answer_parser.cc, one rule each. Keeps the head's bytes, never the
// body's. Does no I/O. One per exchange; reset() for a retry.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/base/error.h"
#include "gateway/http/parser.h"

namespace gateway::upstream {

class AnswerParser {
 public:
  static constexpr std::size_t kMaxHead = 64 * 1024;  // interim heads included
  static constexpr int kMaxInterim = 16;
  // Nobody means that: refused where it is promised, whatever limit_body() says later.
  static constexpr std::uint64_t kMaxBody = std::uint64_t{1} << 40;

  AnswerParser() = default;
  AnswerParser(const AnswerParser&) = delete;
  AnswerParser& operator=(const AnswerParser&) = delete;

  void reset();

  // Takes what was read, in order. Returns the body bytes among them, joined in place, so
  // valid as long as `bytes`. An Error is upstream_garbled, and the end.
  config::Result<std::string_view> feed(std::span<char> bytes);

  // The peer has closed: the end of a body without length, else the answer was cut.
  config::Result<void> closed();

  // A body of more bytes, or a chunk that promises more, is an error from now on.
  void limit_body(std::uint64_t limit) { parser_.limit_body(limit); }

  bool started() const { return started_; }
  bool head_complete() const { return head_complete_; }
  bool complete() const { return complete_; }
  // Once complete(): another request may follow on this connection.
  bool reusable() const { return parser_.keep_alive() && !ended_by_close_ && !surplus_; }

  // Once head_complete(). Views last until reset().
  int status() const { return static_cast<int>(parser_.status()); }
  using Field = std::pair<std::string_view, std::string_view>;
  std::span<const Field> fields() const { return fields_; }
  std::optional<std::uint64_t> content_length() const {
    return head_complete_ ? parser_.content_length() : std::nullopt;
  }

 private:
  config::Result<std::size_t> take_head(std::string_view bytes);
  config::Result<std::string_view> take_body(std::span<char> bytes);
  config::Result<void> check_head() const;
  config::Result<void> check_framing() const;
  void keep_head(std::string_view head);

  http::Parser parser_{http::Parser::Kind::response};
  std::string head_;  // so far, and later whole: what fields_ point into
  std::vector<Field> fields_;
  std::size_t interim_bytes_ = 0;
  int interim_heads_ = 0;

  bool started_ = false;
  bool head_complete_ = false;
  bool complete_ = false;
  bool ended_by_close_ = false;
  bool surplus_ = false;  // bytes behind the end
};

}  // namespace gateway::upstream

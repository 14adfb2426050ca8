#pragma once
// HTTP/1 messages, incrementally: llhttp in strict mode behind one small class, for
// clients' requests and upstreams' answers alike. The caller owns every byte; the
// parser keeps offsets and views, copies nothing, and stops where the head ends and
// where the message ends. One per connection, one thread, reused by reset().
//
//   while (parser.read_head(buffered) == Step::more) read more behind `buffered`;
//   … parser.fields() …
//   Part part = parser.read_body(what follows the head);  // until part.step == done
//
// What only requests must obey stands in head_rules.h.

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <llhttp.h>

#include "config/base/error.h"
#include "gateway/http/field.h"

namespace gateway::http {

// done: the head, or the message, is whole. failed: for good; see problem().
enum class Step : std::uint8_t { more, done, failed };

class Parser {
 public:
  enum class Kind : std::uint8_t { request, response };

  static constexpr std::size_t kMaxFields = 128;
  // Chunk sizes, extensions and trailers between two pieces of a body.
  static constexpr std::size_t kMaxFraming = 16 * 1024;

  explicit Parser(Kind kind);
  Parser(const Parser&) = delete;
  Parser& operator=(const Parser&) = delete;

  // Ready for the next message.
  void reset();

  // `bytes`: the message from its first byte on. Called again with the same bytes and
  // more behind them, at the same address or another. Bytes behind the head stay unread.
  Step read_head(std::string_view bytes);

  // Of a whole head. Views point into the bytes of the last read_head().
  std::size_t head_size() const { return head_size_; }
  std::span<const Field> fields() const { return fields_; }
  std::string_view method() const;                     // requests: one llhttp knows
  std::string_view target() const { return target_; }  // requests
  unsigned status() const { return status_; }          // responses
  int minor_version() const { return minor_version_; }
  bool chunked() const { return chunked_; }
  std::optional<std::uint64_t> content_length() const { return content_length_; }
  // Responses: the body lasts until the connection ends; finish() completes it.
  bool until_close() const { return until_close_; }
  // What version and Connection say.
  bool keep_alive() const { return keep_alive_; }

  // A body of more bytes fails with too_large, before they arrive where the sender says
  // their number. Set after the head; reset() takes it away.
  void limit_body(std::uint64_t limit) { body_limit_ = limit; }

  // The body: `bytes` continue where the head, or the last call, ended. Chunks are joined
  // in place, so `data` is one view into `bytes`. Call once with no bytes for a message
  // that may have none. consumed < bytes.size() only when done: the next message.
  struct Part {
    Step step = Step::more;
    std::string_view data;
    std::size_t consumed = 0;
  };
  Part read_body(std::span<char> bytes);

  // The connection has ended: whether the message is whole by that.
  bool finish();

  // After failed: malformed_request, head_too_large or too_large, and why, in words that
  // repeat nothing of what was sent.
  struct Problem {
    config::ErrorCode code = config::ErrorCode::malformed_request;
    std::string_view reason;
  };
  const Problem& problem() const { return problem_; }

 private:
  struct Callbacks;

  // Where a field stands in the head: the head may move while it is still arriving.
  struct Place {
    std::uint32_t name = 0;
    std::uint32_t name_size = 0;
    std::uint32_t value = 0;
    std::uint32_t value_size = 0;
  };

  Step fail(config::ErrorCode code, std::string_view reason);
  Step fail_as_llhttp_says();
  Step take_head(std::string_view bytes);
  void begin_or_extend(std::uint32_t& start, std::uint32_t& size, const char* at,
                       std::size_t length);
  bool take_framing(const char* end);

  llhttp_t llhttp_;
  Problem problem_;

  // The head.
  std::size_t seen_ = 0;
  bool new_field_ = true;       // the next name begins another field, or trailer
  const char* base_ = nullptr;  // of the bytes under way, within one call
  std::vector<Place> places_;
  std::uint32_t target_at_ = 0;
  std::uint32_t target_size_ = 0;
  std::size_t head_size_ = 0;
  std::vector<Field> fields_;
  std::string_view target_;
  unsigned status_ = 0;
  int minor_version_ = 1;
  bool chunked_ = false;
  bool until_close_ = false;
  bool keep_alive_ = false;
  std::optional<std::uint64_t> content_length_;

  // The body.
  bool in_body_ = false;
  bool complete_ = false;
  std::uint64_t body_limit_ = std::numeric_limits<std::uint64_t>::max();
  std::uint64_t body_size_ = 0;
  char* joined_begin_ = nullptr;  // the data of the call under way
  char* joined_end_ = nullptr;
  const char* framing_from_ = nullptr;  // framing not yet looked at, within one call
  char last_framing_ = 0;               // the byte before it, where it was framing too
  std::size_t framing_size_ = 0;        // since the last data
  std::string trailer_name_;
};

}  // namespace gateway::http

#include "gateway/upstream/answer_parser.h"

#include <algorithm>
#include <charconv>
#include <cstring>

#include <boost/beast/core/string.hpp>
#include <fmt/format.h>

#include "gateway/upstream/errors.h"

namespace gateway::upstream {
namespace {

using boost::beast::iequals;

constexpr std::string_view kVersion = "HTTP/1.";

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  return text;
}

}  // namespace

struct AnswerParser::Callbacks {
  static AnswerParser& self(llhttp_t* parser) { return *static_cast<AnswerParser*>(parser->data); }

  // A head is given to llhttp whole, so every name and value arrives in one piece.
  static int field(llhttp_t* parser, const char* at, std::size_t size) {
    AnswerParser& answer = self(parser);
    if (answer.head_complete_) return 0;  // a trailer: never used for anything
    answer.fields_.emplace_back(std::string_view(at, size), std::string_view());
    return 0;
  }
  static int value(llhttp_t* parser, const char* at, std::size_t size) {
    AnswerParser& answer = self(parser);
    if (answer.head_complete_) return 0;
    answer.fields_.back().second = trimmed({at, size});
    return 0;
  }
  static int headers_complete(llhttp_t* parser) {
    AnswerParser& answer = self(parser);
    answer.status_ = parser->status_code;
    answer.keep_alive_ = llhttp_should_keep_alive(parser) != 0;
    return 0;
  }
  static int chunk_header(llhttp_t* parser) { return parser->content_length > kMaxChunk ? -1 : 0; }
  static int body(llhttp_t* parser, const char* at, std::size_t size) {
    AnswerParser& answer = self(parser);
    char* end = answer.fed_ + answer.body_size_;
    if (end != at) std::memmove(end, at, size);
    answer.body_size_ += size;
    return 0;
  }
  static int message_complete(llhttp_t* parser) {
    self(parser).message_over_ = true;
    return HPE_PAUSED;  // what follows is not this message
  }

  static const llhttp_settings_t* settings() {
    static const llhttp_settings_t all = [] {
      llhttp_settings_t s;
      llhttp_settings_init(&s);
      s.on_header_field = field;
      s.on_header_value = value;
      s.on_headers_complete = headers_complete;
      s.on_chunk_header = chunk_header;
      s.on_body = body;
      s.on_message_complete = message_complete;
      return s;
    }();
    return &all;
  }
};

AnswerParser::AnswerParser() {
  reset();
}

void AnswerParser::reset() {
  llhttp_init(&llhttp_, HTTP_RESPONSE, Callbacks::settings());
  llhttp_.data = this;
  head_.clear();
  fields_.clear();
  content_length_.reset();
  line_begin_ = interim_bytes_ = body_size_ = framing_run_ = 0;
  interim_heads_ = status_ = 0;
  started_ = head_complete_ = complete_ = message_over_ = keep_alive_ = surplus_ = false;
}

config::Result<std::string_view> AnswerParser::feed(std::span<char> bytes) {
  std::string_view rest(bytes.data(), bytes.size());
  if (!rest.empty()) started_ = true;
  while (!head_complete_ && !rest.empty()) {
    auto taken = take_head(rest);
    if (!taken) return std::move(taken).error();
    rest.remove_prefix(*taken);
  }
  if (rest.empty()) return std::string_view();
  if (complete_) {
    surplus_ = true;
    return std::string_view();
  }

  fed_ = bytes.data() + (bytes.size() - rest.size());
  body_size_ = 0;
  const llhttp_errno_t error = llhttp_execute(&llhttp_, rest.data(), rest.size());
  if (message_over_) {
    complete_ = true;
    surplus_ = llhttp_get_error_pos(&llhttp_) != rest.data() + rest.size();
  } else if (error != HPE_OK) {
    return garbled(
        fmt::format("body: {} {}", llhttp_errno_name(error), llhttp_get_error_reason(&llhttp_)));
  }

  framing_run_ = body_size_ > 0 ? 0 : framing_run_ + rest.size();
  if (framing_run_ > kMaxFramingRun) return garbled("endless chunk framing");
  return std::string_view(fed_, body_size_);
}

config::Result<void> AnswerParser::closed() {
  if (complete_) return {};
  if (!started_) return broken_off("closed without an answer");
  if (!head_complete_) return broken_off("closed inside the answer's head");
  llhttp_finish(&llhttp_);
  if (!message_over_) {
    return broken_off("closed inside the answer's body");
  }
  complete_ = true;
  keep_alive_ = false;
  return {};
}

// Collects raw bytes up to the empty line, looking at what llhttp is lenient about:
// how lines end and whether they continue.
config::Result<std::size_t> AnswerParser::take_head(std::string_view bytes) {
  std::size_t at = 0;
  bool ended = false;
  while (!ended) {
    const std::size_t lf = bytes.find('\n', at);
    if (lf == std::string_view::npos) break;
    const std::size_t before = head_.size() + lf;  // where the LF stands in head_
    const char previous = lf > 0 ? bytes[lf - 1] : (head_.empty() ? '\0' : head_.back());
    if (previous != '\r') return garbled("a line of the head ends without CR");
    ended = before == line_begin_ + 1;
    line_begin_ = before + 1;
    at = lf + 1;
  }
  const std::size_t taken = ended ? at : bytes.size();
  if (interim_bytes_ + head_.size() + taken > kMaxHead) return garbled("head over 64 KiB");
  head_.append(bytes.substr(0, taken));

  const std::string_view begin = std::string_view(head_).substr(0, kVersion.size());
  if (begin != kVersion.substr(0, begin.size())) return garbled("not HTTP/1");
  if (ended) {
    auto read = read_head();
    if (!read) return std::move(read).error();
  }
  return taken;
}

config::Result<void> AnswerParser::read_head() {
  const llhttp_errno_t error = llhttp_execute(&llhttp_, head_.data(), head_.size());
  if (error != HPE_OK && !message_over_) {
    return garbled(
        fmt::format("head: {} {}", llhttp_errno_name(error), llhttp_get_error_reason(&llhttp_)));
  }
  if (auto good = check_head(); !good) return good;

  if (status_ < 200) {
    if (++interim_heads_ > kMaxInterim) return garbled("too many interim answers");
    interim_bytes_ += head_.size();
    head_.clear();
    fields_.clear();
    line_begin_ = 0;
    message_over_ = false;
    llhttp_init(&llhttp_, HTTP_RESPONSE, Callbacks::settings());
    llhttp_.data = this;
    return {};
  }
  head_complete_ = true;
  complete_ = message_over_;
  return {};
}

config::Result<void> AnswerParser::check_head() {
  if (status_ < 100 || status_ > 599) return garbled(fmt::format("status {}", status_));
  if (status_ == 101) return garbled("101 though no upgrade was asked");
  if (llhttp_.http_major != 1 || llhttp_.http_minor > 1) return garbled("not HTTP/1.0 or 1.1");
  if (fields_.size() > kMaxFields) return garbled("too many fields");
  // A value that continues on the next line reads differently to different parsers.
  if (head_.find("\n ") != std::string::npos || head_.find("\n\t") != std::string::npos) {
    return garbled("a folded field");
  }
  if (auto good = check_framing(); !good) return good;
  for (const auto& [name, value] : fields_) {
    if (iequals(name, "content-encoding") && !value.empty() && !iequals(value, "identity")) {
      return garbled(fmt::format("content-encoding {} though not asked", value));
    }
  }
  return {};
}

// One way to say where the body ends, or none.
config::Result<void> AnswerParser::check_framing() {
  int lengths = 0;
  int encodings = 0;
  content_length_.reset();
  for (const auto& [name, value] : fields_) {
    if (iequals(name, "content-length")) {
      ++lengths;
      std::uint64_t length = 0;
      const char* end = value.data() + value.size();
      const auto [stop, error] = std::from_chars(value.data(), end, length);
      if (error != std::errc() || stop != end) return garbled("bad content-length");
      content_length_ = length;
    } else if (iequals(name, "transfer-encoding")) {
      ++encodings;
      if (!iequals(value, "chunked")) return garbled("transfer-encoding other than chunked");
    }
  }
  if (lengths + encodings > 1) return garbled("more than one body framing");
  const bool bodiless = status_ < 200 || status_ == 204 || status_ == 304;
  if (bodiless && (encodings > 0 || content_length_.value_or(0) > 0)) {
    // 304 may repeat the length of what it stands for, but we never ask conditionally.
    return garbled(fmt::format("a body with status {}", status_));
  }
  return {};
}

}  // namespace gateway::upstream

#include "gateway/http/parser.h"

#include <cstring>
#include <utility>

#include "gateway/http/head_rules.h"

namespace gateway::http {

using config::ErrorCode;

// What llhttp calls; a friend's worth of access and nothing else.
struct Parser::Callbacks {
  static Parser& self(llhttp_t* llhttp) { return *static_cast<Parser*>(llhttp->data); }

  static int reject(llhttp_t* llhttp, ErrorCode code, const char* reason) {
    self(llhttp).problem_ = {code, reason};
    return HPE_USER;
  }

  static int url(llhttp_t* llhttp, const char* at, std::size_t length) {
    Parser& parser = self(llhttp);
    parser.begin_or_extend(parser.target_at_, parser.target_size_, at, length);
    return 0;
  }

  static int field_name(llhttp_t* llhttp, const char* at, std::size_t length) {
    Parser& parser = self(llhttp);
    const bool begins = std::exchange(parser.new_field_, false);
    if (parser.in_body_) {
      if (begins) parser.trailer_name_.clear();
      parser.trailer_name_.append(at, length);
      return 0;
    }
    if (begins) {
      if (parser.places_.size() == kMaxFields) {
        return reject(llhttp, ErrorCode::head_too_large, "too many header fields");
      }
      parser.places_.emplace_back();
    }
    Place& place = parser.places_.back();
    parser.begin_or_extend(place.name, place.name_size, at, length);
    return 0;
  }

  static int field_name_complete(llhttp_t* llhttp) {
    Parser& parser = self(llhttp);
    if (parser.in_body_ && forbidden_in_trailers(parser.trailer_name_)) {
      return reject(llhttp, ErrorCode::malformed_request,
                    "a trailer field that belongs in the head");
    }
    return 0;
  }

  static int field_value(llhttp_t* llhttp, const char* at, std::size_t length) {
    Parser& parser = self(llhttp);
    if (parser.in_body_) return 0;
    Place& place = parser.places_.back();
    parser.begin_or_extend(place.value, place.value_size, at, length);
    return 0;
  }

  static int field_value_complete(llhttp_t* llhttp) {
    self(llhttp).new_field_ = true;
    return 0;
  }

  static int head_complete(llhttp_t* llhttp) {
    Parser& parser = self(llhttp);
    parser.status_ = llhttp->status_code;
    parser.chunked_ = (llhttp->flags & F_CHUNKED) != 0;
    if ((llhttp->flags & F_CONTENT_LENGTH) != 0) parser.content_length_ = llhttp->content_length;
    parser.until_close_ = llhttp_message_needs_eof(llhttp) != 0;
    parser.keep_alive_ = llhttp_should_keep_alive(llhttp) != 0;
    llhttp->upgrade = 0;  // nobody here speaks anything else: an Upgrade field means nothing
    return HPE_PAUSED;
  }

  static int chunk_header(llhttp_t* llhttp) {
    Parser& parser = self(llhttp);
    if (llhttp->content_length > parser.body_limit_ - parser.body_size_) {
      return reject(llhttp, ErrorCode::too_large, "the body is too large");
    }
    return 0;
  }

  static int body(llhttp_t* llhttp, const char* at, std::size_t length) {
    Parser& parser = self(llhttp);
    if (!parser.take_framing(at)) return HPE_USER;
    parser.framing_from_ = at + length;
    parser.framing_size_ = 0;
    parser.last_framing_ = 0;
    if (length > parser.body_limit_ - parser.body_size_) {
      return reject(llhttp, ErrorCode::too_large, "the body is too large");
    }
    parser.body_size_ += length;

    char* data = parser.joined_begin_ + (at - parser.joined_begin_);
    if (parser.joined_end_ == parser.joined_begin_) {
      parser.joined_begin_ = parser.joined_end_ = data;
    } else if (parser.joined_end_ != data) {
      std::memmove(parser.joined_end_, data, length);
    }
    parser.joined_end_ += length;
    return 0;
  }

  static int message_complete(llhttp_t* llhttp) {
    self(llhttp).complete_ = true;
    return HPE_PAUSED;
  }

  static const llhttp_settings_t* settings() {
    static const llhttp_settings_t settings = [] {
      llhttp_settings_t s;
      llhttp_settings_init(&s);
      s.on_url = url;
      s.on_header_field = field_name;
      s.on_header_field_complete = field_name_complete;
      s.on_header_value = field_value;
      s.on_header_value_complete = field_value_complete;
      s.on_headers_complete = head_complete;
      s.on_chunk_header = chunk_header;
      s.on_body = body;
      s.on_message_complete = message_complete;
      return s;
    }();
    return &settings;
  }
};

Parser::Parser(Kind kind) {
  llhttp_init(&llhttp_, kind == Kind::request ? HTTP_REQUEST : HTTP_RESPONSE,
              Callbacks::settings());
  llhttp_.data = this;
  places_.reserve(32);
  fields_.reserve(32);
}

void Parser::reset() {
  llhttp_reset(&llhttp_);
  problem_ = {};
  seen_ = 0;
  places_.clear();
  target_at_ = target_size_ = 0;
  head_size_ = 0;
  fields_.clear();
  target_ = {};
  status_ = 0;
  minor_version_ = 1;
  chunked_ = until_close_ = keep_alive_ = false;
  content_length_.reset();
  in_body_ = complete_ = false;
  body_limit_ = std::numeric_limits<std::uint64_t>::max();
  body_size_ = 0;
  last_framing_ = 0;
  framing_size_ = 0;
  new_field_ = true;
}

Step Parser::fail(ErrorCode code, std::string_view reason) {
  problem_ = {code, reason};
  return Step::failed;
}

Step Parser::fail_as_llhttp_says() {
  if (!problem_.reason.empty()) return Step::failed;  // a callback of ours has said why
  const char* reason = llhttp_get_error_reason(&llhttp_);
  return fail(ErrorCode::malformed_request, reason != nullptr ? reason : "not HTTP/1.1");
}

void Parser::begin_or_extend(std::uint32_t& start, std::uint32_t& size, const char* at,
                             std::size_t length) {
  const auto offset = static_cast<std::uint32_t>(at - base_);
  if (start == 0) start = offset;
  // A fold leaves a gap between two pieces; the raw check refuses it, so the extent may
  // simply reach over it.
  size = offset + static_cast<std::uint32_t>(length) - start;
}

Step Parser::read_head(std::string_view bytes) {
  if (bytes.empty()) return Step::more;
  base_ = bytes.data();
  const llhttp_errno_t error = llhttp_execute(&llhttp_, base_ + seen_, bytes.size() - seen_);
  if (error == HPE_OK) {
    seen_ = bytes.size();
    return Step::more;
  }
  if (error != HPE_PAUSED) return fail_as_llhttp_says();
  return take_head(bytes);
}

Step Parser::take_head(std::string_view bytes) {
  head_size_ = static_cast<std::size_t>(llhttp_get_error_pos(&llhttp_) - bytes.data());
  if (const std::string_view reason = raw_problem(bytes.substr(0, head_size_)); !reason.empty()) {
    return fail(ErrorCode::malformed_request, reason);
  }
  if (llhttp_.http_major != 1 || llhttp_.http_minor > 1) {
    return fail(ErrorCode::malformed_request, "only HTTP/1.0 and HTTP/1.1 are spoken here");
  }
  if (llhttp_.type == HTTP_RESPONSE && (status_ < 100 || status_ > 999)) {
    return fail(ErrorCode::malformed_request, "a status of other than three digits");
  }
  minor_version_ = llhttp_.http_minor;
  target_ = bytes.substr(target_at_, target_size_);
  for (const Place& place : places_) {
    if (place.name_size == 0) return fail(ErrorCode::malformed_request, "a field without a name");
    std::string_view value = bytes.substr(place.value, place.value_size);
    while (!value.empty() && (value.back() == ' ' || value.back() == '\t')) value.remove_suffix(1);
    fields_.push_back({bytes.substr(place.name, place.name_size), value});
  }
  llhttp_resume(&llhttp_);
  in_body_ = true;
  return Step::done;
}

std::string_view Parser::method() const {
  return llhttp_method_name(static_cast<llhttp_method_t>(llhttp_.method));
}

// llhttp takes a lone LF in some places of the framing; looked at here are the bytes
// from framing_from_ to `end`, which are sizes, extensions, line ends and trailers.
bool Parser::take_framing(const char* end) {
  for (const char* at = framing_from_; at != end; ++at) {
    if ((*at == '\n') != (last_framing_ == '\r')) {
      fail(ErrorCode::malformed_request, "a line that does not end in CRLF");
      return false;
    }
    last_framing_ = *at;
  }
  framing_size_ += static_cast<std::size_t>(end - framing_from_);
  if (framing_size_ <= kMaxFraming) return true;
  fail(ErrorCode::malformed_request, "too much between two pieces of the body");
  return false;
}

Parser::Part Parser::read_body(std::span<char> bytes) {
  if (complete_) return {Step::done, {}, 0};
  char nothing = 0;  // llhttp adds a size to the pointer, even to a null one
  if (bytes.data() == nullptr) bytes = {&nothing, 0};
  joined_begin_ = joined_end_ = bytes.data();
  framing_from_ = bytes.data();
  const llhttp_errno_t error = llhttp_execute(&llhttp_, bytes.data(), bytes.size());
  const bool stopped = error == HPE_PAUSED;
  if (error != HPE_OK && !stopped) return {fail_as_llhttp_says(), {}, 0};

  const std::size_t consumed =
      stopped && !bytes.empty()
          ? static_cast<std::size_t>(llhttp_get_error_pos(&llhttp_) - bytes.data())
          : bytes.size();
  if (chunked_ && !take_framing(bytes.data() + consumed)) return {Step::failed, {}, 0};
  const auto size = static_cast<std::size_t>(joined_end_ - joined_begin_);
  const std::string_view data = size > 0 ? std::string_view(joined_begin_, size) : "";
  return {complete_ ? Step::done : Step::more, data, consumed};
}

bool Parser::finish() {
  if (complete_) return true;
  if (!in_body_ || !until_close_) return false;
  complete_ = true;
  return true;
}

}  // namespace gateway::http

#include "gateway/upstream/answer_parser.h"

#include <fmt/format.h>

#include "gateway/upstream/errors.h"

namespace gateway::upstream {

using http::Step;

namespace {

config::Error not_understood(std::string_view where, const http::Parser& parser) {
  return garbled(fmt::format("{}: {}", where, parser.problem().reason));
}

}  // namespace

void AnswerParser::reset() {
  parser_.reset();
  head_.clear();
  fields_.clear();
  interim_bytes_ = 0;
  interim_heads_ = 0;
  started_ = head_complete_ = complete_ = ended_by_close_ = surplus_ = false;
}

config::Result<std::string_view> AnswerParser::feed(std::span<char> bytes) {
  if (bytes.empty()) return std::string_view();
  started_ = true;
  if (complete_) {
    surplus_ = true;
    return std::string_view();
  }
  while (!head_complete_) {
    auto taken = take_head({bytes.data(), bytes.size()});
    if (!taken) return std::move(taken).error();
    bytes = bytes.subspan(*taken);
    if (bytes.empty() && !head_complete_) return std::string_view();
  }
  return take_body(bytes);
}

config::Result<void> AnswerParser::closed() {
  if (complete_) return {};
  if (!started_) return broken_off("closed without an answer");
  if (!head_complete_) return broken_off("closed inside the answer's head");
  if (!parser_.finish()) return broken_off("closed inside the answer's body");
  complete_ = ended_by_close_ = true;
  return {};
}

// How many of `bytes` belong to the head. Most heads come in one piece and are read where
// they stand; only one that comes in several is collected first.
config::Result<std::size_t> AnswerParser::take_head(std::string_view bytes) {
  const std::size_t before = head_.size();
  if (before > 0) head_.append(bytes);
  const std::string_view so_far = before > 0 ? std::string_view(head_) : bytes;

  const Step step = parser_.read_head(so_far);
  if (step == Step::failed) return not_understood("head", parser_);
  const std::size_t size = step == Step::done ? parser_.head_size() : so_far.size();
  if (interim_bytes_ + size > kMaxHead) return garbled("head over 64 KiB");
  if (step == Step::more) {
    if (before == 0) head_.assign(bytes);
    return bytes.size();
  }

  if (auto good = check_head(); !good) return std::move(good).error();
  if (parser_.status() < 200) {
    if (++interim_heads_ > kMaxInterim) return garbled("too many interim answers");
    interim_bytes_ += size;
    head_.clear();
    parser_.reset();
    return size - before;
  }
  keep_head(so_far.substr(0, size));
  parser_.limit_body(kMaxBody);
  head_complete_ = true;
  return size - before;
}

// The fields move from where they were read to the head we keep.
void AnswerParser::keep_head(std::string_view head) {
  const char* const old_begin = head.data();
  if (old_begin == head_.data()) {
    head_.resize(head.size());
  } else {
    head_.assign(head);
  }
  const auto moved = [&](std::string_view text) {
    return text.empty() ? text
                        : std::string_view(head_.data() + (text.data() - old_begin), text.size());
  };
  fields_.reserve(parser_.fields().size());
  for (const http::Field& field : parser_.fields()) {
    fields_.emplace_back(moved(field.name), moved(field.value));
  }
}

config::Result<std::string_view> AnswerParser::take_body(std::span<char> bytes) {
  const http::Parser::Part part = parser_.read_body(bytes);
  if (part.step == Step::failed) return not_understood("body", parser_);
  if (part.step == Step::done) {
    complete_ = true;
    surplus_ = part.consumed < bytes.size();
  }
  return part.data;
}

config::Result<void> AnswerParser::check_head() const {
  if (parser_.status() == 101) return garbled("101 though no upgrade was asked");
  if (parser_.status() > 599) return garbled(fmt::format("status {}", parser_.status()));
  for (const http::Field& field : parser_.fields()) {
    if (field.name.empty()) return garbled("a field without a name");
  }
  const std::string_view encoding = http::find_field(parser_.fields(), "content-encoding");
  if (!encoding.empty() && !http::equal_ignoring_case(encoding, "identity")) {
    return garbled("a content-encoding though none was asked");
  }
  return check_framing();
}

// One way to say where the body ends, or none.
config::Result<void> AnswerParser::check_framing() const {
  int framings = 0;
  for (const http::Field& field : parser_.fields()) {
    if (http::equal_ignoring_case(field.name, "content-length")) ++framings;
    if (!http::equal_ignoring_case(field.name, "transfer-encoding")) continue;
    ++framings;
    if (!http::equal_ignoring_case(field.value, "chunked")) {
      return garbled("a transfer-encoding other than chunked");
    }
  }
  if (framings > 1) return garbled("more than one body framing");

  const unsigned status = parser_.status();
  const bool bodiless = status < 200 || status == 204 || status == 304;
  if (bodiless && (parser_.chunked() || parser_.content_length().value_or(0) > 0)) {
    return garbled(fmt::format("a body with status {}", status));
  }
  return {};
}

}  // namespace gateway::upstream

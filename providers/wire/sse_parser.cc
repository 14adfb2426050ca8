#include "providers/wire/sse_parser.h"

#include <algorithm>
#include <cstring>
#include <string_view>

#include <simdjson.h>

namespace providers {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

// A buffer that one huge event grew is given back when it is empty again.
constexpr std::size_t kUsualBuffer = 64 * 1024;

}  // namespace

std::size_t SseParser::Finder::find(std::string_view text, std::size_t from) {
  if (found >= from && found < limit) return found;
  const std::size_t unseen = std::max(from, limit);
  found = std::min(text.find(wanted, unseen), text.size());
  limit = std::min(found + 1, text.size());
  return found;
}

void SseParser::Finder::shift(std::size_t by) {
  found -= std::min(found, by);
  limit -= std::min(limit, by);
}

void SseParser::feed(std::string_view bytes) {
  if (overflowed_) {
    std::string().swap(buffer_);  // not before: earlier events' views may be in use
    return;
  }
  compact();
  const std::size_t wanted = buffer_.size() + bytes.size() + simdjson::SIMDJSON_PADDING;
  if (buffer_.capacity() < wanted) buffer_.reserve(std::max(wanted, buffer_.capacity() * 2));
  buffer_.append(bytes);
}

// Moves what is still needed to the front. Each byte moves at most twice in its
// life: a gap to close opens only behind lines that have been taken.
void SseParser::compact() {
  const std::size_t kept = has_data_ ? data_end_ - data_begin_ : 0;
  const std::size_t rest = buffer_.size() - scan_;
  if (kept == 0 && rest == 0 && buffer_.capacity() > kUsualBuffer) {
    std::string().swap(buffer_);
  } else if (kept + rest < buffer_.size()) {
    char* front = buffer_.data();
    std::memmove(front, front + data_begin_, kept);
    std::memmove(front + kept, front + scan_, rest);
    buffer_.resize(kept + rest);
  }
  const std::size_t moved = scan_ - kept;
  line_feed_.shift(moved);
  carriage_return_.shift(moved);
  data_begin_ = 0;
  data_end_ = kept;
  scan_ = kept;
}

std::optional<SseEvent> SseParser::next() {
  if (overflowed_ || !skip_bom(false)) return std::nullopt;
  while (const auto end = line_end()) {
    const std::string_view line = std::string_view(buffer_).substr(scan_, *end - scan_);
    if (exceeds(line.size())) return std::nullopt;
    skip_line_feed_ = buffer_[*end] == '\r';
    const bool complete = take_line(line);
    scan_ = *end + 1;
    if (complete) return dispatch();
  }
  exceeds(buffer_.size() - scan_);
  return std::nullopt;
}

std::optional<SseEvent> SseParser::finish() {
  if (overflowed_) return std::nullopt;
  skip_bom(true);
  if (scan_ < buffer_.size()) {
    // next() found no end of line in it.
    take_line(std::string_view(buffer_).substr(scan_));
    scan_ = buffer_.size();
  }
  if (!has_data_) return std::nullopt;
  return dispatch();
}

bool SseParser::skip_bom(bool at_end) {
  if (!at_start_) return true;
  const std::string_view seen = std::string_view(buffer_).substr(scan_, kByteOrderMark.size());
  if (seen.size() < kByteOrderMark.size() && kByteOrderMark.starts_with(seen) && !at_end) {
    return false;
  }
  if (seen == kByteOrderMark) scan_ += kByteOrderMark.size();
  at_start_ = false;
  return true;
}

std::optional<std::size_t> SseParser::line_end() {
  if (skip_line_feed_ && scan_ < buffer_.size()) {
    if (buffer_[scan_] == '\n') ++scan_;
    skip_line_feed_ = false;
  }
  const std::size_t end =
      std::min(line_feed_.find(buffer_, scan_), carriage_return_.find(buffer_, scan_));
  if (end == buffer_.size()) return std::nullopt;
  return end;
}

bool SseParser::take_line(std::string_view line) {
  if (line.empty()) {
    if (!has_data_) name_.clear();
    return has_data_;
  }
  ++lines_;
  if (line.front() == ':') {
    ++comments_;
    return false;
  }
  const std::size_t colon = line.find(':');
  const std::string_view field = line.substr(0, colon);
  std::string_view value = colon == std::string_view::npos ? "" : line.substr(colon + 1);
  if (value.starts_with(' ')) value.remove_prefix(1);
  // `id` and `retry` are for clients that reconnect.
  if (field == "data") add_data(value);
  if (field == "event") name_.assign(value);
  return false;
}

// Joins the value to the event's data, in place: a line's field name leaves more
// room before the value than the LF takes.
void SseParser::add_data(std::string_view value) {
  if (!has_data_) {
    has_data_ = true;
    data_begin_ = value.empty() ? scan_ : static_cast<std::size_t>(value.data() - buffer_.data());
    data_end_ = data_begin_ + value.size();
    return;
  }
  buffer_[data_end_++] = '\n';
  std::memmove(buffer_.data() + data_end_, value.data(), value.size());
  data_end_ += value.size();
}

bool SseParser::exceeds(std::size_t line_bytes) {
  const std::size_t gathered = has_data_ ? data_end_ - data_begin_ : 0;
  if (gathered + line_bytes <= max_event_bytes_) return false;
  overflowed_ = true;
  return true;
}

SseEvent SseParser::dispatch() {
  dispatched_name_.swap(name_);
  name_.clear();
  has_data_ = false;
  return {dispatched_name_, std::string_view(buffer_).substr(data_begin_, data_end_ - data_begin_)};
}

}  // namespace providers

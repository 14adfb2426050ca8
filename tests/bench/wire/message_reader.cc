#include "tests/bench/wire/message_reader.h"

#include <algorithm>
#include <charconv>
#include <utility>

namespace bench {
namespace {

constexpr std::string_view kHeadEnd = "\r\n\r\n";
constexpr std::size_t kLargestHead = 64 * 1024;

bool same_letters(std::string_view text, std::string_view lower) {
  return std::ranges::equal(text, lower, [](char a, char b) {
    return (a >= 'A' && a <= 'Z' ? static_cast<char>(a | 0x20) : a) == b;
  });
}

std::string_view trimmed(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

bool read_number(std::string_view text, int base, std::uint64_t& out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out, base);
  return error == std::errc{} && end == text.data() + text.size();
}

}  // namespace

Part MessageReader::next(std::string_view& bytes) {
  switch (state_) {
    case State::head:
      return read_head(bytes);
    case State::sized:
    case State::chunk:
      return read_body(bytes);
    case State::chunk_size:
      return read_chunk_size(bytes);
    case State::after_chunk:
    case State::trailer: {
      std::string_view line;
      if (!read_line(bytes, line)) return {};
      if (state_ == State::after_chunk) {
        if (!line.empty()) return fail();
        state_ = State::chunk_size;
      } else if (line.empty()) {
        state_ = State::ended;
      }
      return next(bytes);
    }
    case State::ended:
      state_ = State::head;
      return {Part::end, {}};
    case State::broken:
      return {Part::malformed, {}};
  }
  return fail();
}

Part MessageReader::read_head(std::string_view& bytes) {
  if (bytes.empty()) return {};
  if (line_.empty()) {
    const auto end = bytes.find(kHeadEnd);
    if (end == bytes.npos) {
      line_ = std::exchange(bytes, {});
      return {};
    }
    if (!parse_head(bytes.substr(0, end))) return fail();
    bytes.remove_prefix(end + kHeadEnd.size());
  } else {
    const auto had = line_.size();
    line_ += bytes;
    const auto end = line_.find(kHeadEnd, had < 3 ? 0 : had - 3);
    if (end == line_.npos) {
      bytes = {};
      return line_.size() > kLargestHead ? fail() : Part{};
    }
    bytes.remove_prefix(end + kHeadEnd.size() - had);
    line_.resize(end);
    if (!parse_head(line_)) return fail();
    line_.clear();
  }
  state_ = chunked_ ? State::chunk_size : left_ > 0 ? State::sized : State::ended;
  return {Part::head, {}};
}

Part MessageReader::read_body(std::string_view& bytes) {
  if (bytes.empty()) return {};
  const auto taken = bytes.substr(0, std::min<std::uint64_t>(left_, bytes.size()));
  bytes.remove_prefix(taken.size());
  left_ -= taken.size();
  if (left_ == 0) state_ = state_ == State::sized ? State::ended : State::after_chunk;
  return {Part::body, taken};
}

Part MessageReader::read_chunk_size(std::string_view& bytes) {
  std::string_view line;
  if (!read_line(bytes, line)) return {};
  if (!read_number(trimmed(line.substr(0, line.find(';'))), 16, left_)) return fail();
  state_ = left_ == 0 ? State::trailer : State::chunk;
  return next(bytes);
}

bool MessageReader::parse_head(std::string_view head) {
  chunked_ = false;
  left_ = 0;
  const auto first = head.substr(0, head.find("\r\n"));
  if (what_ == Of::responses) {
    std::uint64_t status = 0;
    if (!first.starts_with("HTTP/1.1 ") || !read_number(first.substr(9, 3), 10, status))
      return false;
    status_ = static_cast<int>(status);
  }
  head.remove_prefix(first.size());
  while (head.starts_with("\r\n")) {
    head.remove_prefix(2);
    const auto line = head.substr(0, head.find("\r\n"));
    if (!parse_field(line)) return false;
    head.remove_prefix(line.size());
  }
  return true;
}

bool MessageReader::parse_field(std::string_view line) {
  const auto colon = line.find(':');
  if (colon == line.npos) return false;
  const auto name = line.substr(0, colon);
  const auto value = trimmed(line.substr(colon + 1));
  if (same_letters(name, "content-length")) return read_number(value, 10, left_);
  if (same_letters(name, "transfer-encoding")) chunked_ = same_letters(value, "chunked");
  return true;
}

bool MessageReader::read_line(std::string_view& bytes, std::string_view& line) {
  const auto end = bytes.find('\n');
  if (end == bytes.npos) {
    line_ += std::exchange(bytes, {});
    return false;
  }
  line = bytes.substr(0, end);
  bytes.remove_prefix(end + 1);
  if (!line_.empty()) {
    whole_ = std::exchange(line_, {});
    whole_ += line;
    line = whole_;
  }
  if (line.ends_with('\r')) line.remove_suffix(1);
  return true;
}

Part MessageReader::fail() {
  state_ = State::broken;
  return {Part::malformed, {}};
}

}  // namespace bench

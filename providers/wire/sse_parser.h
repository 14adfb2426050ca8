#pragma once
// Splits a byte stream into server-sent events (WHATWG HTML, "event stream
// interpretation"): any split of the bytes, LF, CRLF or CR, one leading BOM.
// Feed bytes as they arrive, then take events until none is complete. One per
// stream, one thread. Views in an SseEvent last until the next feed().

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace providers {

struct SseEvent {
  std::string_view name;  // of `event:`; empty where none was given
  // Of `data:` lines, joined by LF. At least simdjson::SIMDJSON_PADDING bytes
  // behind it can be read.
  std::string_view data;
};

class SseParser {
 public:
  explicit SseParser(std::size_t max_event_bytes = 8 * 1024 * 1024)
      : max_event_bytes_(max_event_bytes) {}

  void feed(std::string_view bytes);

  // The next complete event that has data; nullopt: feed more, or overflowed().
  std::optional<SseEvent> next();

  // The upstream has closed: what stands unterminated is an event too, since some
  // servers leave out the last empty line.
  std::optional<SseEvent> finish();

  // A line or event grew past the cap; nothing more comes out.
  bool overflowed() const { return overflowed_; }

  // Comment lines seen so far: a sign of life, never content.
  std::size_t comments() const { return comments_; }

 private:
  // See sse_parser.cc.
  std::size_t max_event_bytes_;
  bool overflowed_ = false;
  std::size_t comments_ = 0;
};

}  // namespace providers

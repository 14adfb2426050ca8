#pragma once
// Splits a byte stream into server-sent events (WHATWG HTML, "event stream
// interpretation"): any split of the bytes, LF, CRLF or CR, one leading BOM.
// Feed bytes as they arrive, then take events until none is complete. One per
// stream, one thread. Data views last until the next feed() or finish(), an event's
// name until the next event.

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
  // servers leave out the last empty line. Call next() first until it has no more.
  std::optional<SseEvent> finish();

  // A line or event grew past the cap; nothing more comes out.
  bool overflowed() const { return overflowed_; }

  // Comment lines seen so far: a sign of life, never content.
  std::size_t comments() const { return comments_; }
  // Lines seen so far that were not empty, comments included.
  std::size_t lines() const { return lines_; }

 private:
  // Finds the next of one character without looking at a byte twice.
  struct Finder {
    char wanted;
    std::size_t found = 0;  // the first one at or after what was asked for, or `limit`
    std::size_t limit = 0;  // how far was looked

    std::size_t find(std::string_view text, std::size_t from);
    void shift(std::size_t by);
  };

  void compact();
  // The end of the line that begins at scan_; nullopt: it is not complete.
  std::optional<std::size_t> line_end();
  bool skip_bom(bool at_end);
  // True: an event is complete.
  bool take_line(std::string_view line);
  void add_data(std::string_view value);
  bool exceeds(std::size_t line_bytes);
  SseEvent dispatch();

  std::size_t max_event_bytes_;

  // The event being gathered stands at the front of buffer_, its lines already
  // joined; then, from scan_ on, bytes not looked at as lines.
  std::string buffer_;
  std::size_t data_begin_ = 0;
  std::size_t data_end_ = 0;
  std::size_t scan_ = 0;
  Finder line_feed_{'\n'};
  Finder carriage_return_{'\r'};
  std::string name_;
  std::string dispatched_name_;
  bool has_data_ = false;
  bool skip_line_feed_ = false;  // the line before ended in CR
  bool at_start_ = true;         // a BOM may come
  bool overflowed_ = false;
  std::size_t comments_ = 0;
  std::size_t lines_ = 0;
};

}  // namespace providers

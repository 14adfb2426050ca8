// Any split of the bytes gives the same events, and what they hold is in the input.

#include <string>
#include <vector>

#include <simdjson.h>

#include "providers/wire/sse_parser.h"
#include "tests/fuzz/check.h"

namespace {

using providers::SseEvent;
using providers::SseParser;

struct Outcome {
  std::vector<std::string> events;
  std::size_t comments = 0;
  std::size_t lines = 0;
  bool overflowed = false;
  bool operator==(const Outcome&) const = default;
};

// What a decoder may do with an event: read its padding.
void read_padding(const SseEvent& event) {
  volatile char last = event.data.data()[event.data.size() + simdjson::SIMDJSON_PADDING - 1];
  static_cast<void>(last);
}

Outcome run(std::string_view stream, std::size_t cap, fuzz::Cut cut) {
  SseParser parser(cap);
  Outcome outcome;
  const auto take = [&](const SseEvent& event) {
    read_padding(event);
    outcome.events.push_back(std::string(event.name) + "\n" + std::string(event.data));
  };
  fuzz::for_each_piece(stream, cut, [&](const std::string& piece) {
    parser.feed(piece);
    std::vector<SseEvent> together;  // events of one feed stand side by side
    while (auto event = parser.next()) {
      take(*event);
      together.push_back(*event);
    }
    for (std::size_t i = 0; i < together.size(); ++i) {
      const std::string& noted = outcome.events[outcome.events.size() - together.size() + i];
      FUZZ_CHECK(noted.ends_with("\n" + std::string(together[i].data)), noted);
    }
    return true;
  });
  if (auto event = parser.finish()) take(*event);
  outcome.overflowed = parser.overflowed();
  if (!outcome.overflowed) {
    outcome.comments = parser.comments();
    outcome.lines = parser.lines();
  }
  return outcome;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view stream = fuzz::view(data, size);
  const std::size_t cap = fuzz::choose(stream, 2) == 0 ? 8 << 20 : 40;
  const Outcome whole = run(stream, cap, fuzz::Cut::whole);
  FUZZ_CHECK(run(stream, cap, fuzz::Cut::bytes) == whole, "byte by byte");
  FUZZ_CHECK(run(stream, cap, fuzz::Cut::pieces) == whole, "in pieces");
  std::size_t held = 0;
  for (const std::string& event : whole.events) held += event.size();
  FUZZ_CHECK(held <= stream.size() + whole.events.size(), "more came out than went in");
  return 0;
}

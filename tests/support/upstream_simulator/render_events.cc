#include "tests/support/upstream_simulator/compose.h"

namespace simulator {
namespace {

constexpr std::string_view kBom = "\xEF\xBB\xBF";

std::string data_lines(const std::string& data, const Faults& faults) {
  const std::string_view before = faults.has(fault("sse-no-space")) ? "data:" : "data: ";
  if (faults.has(fault("sse-split-data")) && data.starts_with('{'))
    return std::string(before) + "{\n" + std::string(before) + data.substr(1) + "\n";
  return std::string(before) + data + "\n";
}

std::string frame_of(const Event& event, const Faults& faults) {
  if (event.kind == EventKind::raw) return event.data;
  if (event.kind == EventKind::comment) return ":" + event.data + "\n\n";
  std::string frame;
  if (faults.has(fault("sse-fields")))
    frame = "event: message\nid: 7\nretry: soon\nbogus: field\nlonely\n";
  return frame + data_lines(event.data, faults) + "\n";
}

// Line ends by number: LF, CRLF, CR in turn for `sse-mixed`.
void change_line_ends(std::string& frame, const Faults& faults, std::size_t& line) {
  const bool mixed = faults.has(fault("sse-mixed"));
  const bool crlf = faults.has(fault("sse-crlf"));
  const bool cr = faults.has(fault("sse-cr"));
  if (!mixed && !crlf && !cr) return;
  constexpr std::string_view kEnds[] = {"\n", "\r\n", "\r"};
  std::string changed;
  for (const char byte : frame) {
    if (byte != '\n') {
      changed += byte;
      continue;
    }
    // A CR before a LF would read as one end: after CR comes CRLF or CR, never LF.
    std::string_view end = mixed ? kEnds[line++ % 3] : crlf ? kEnds[1] : kEnds[2];
    if (mixed && end == "\n" && changed.ends_with('\r')) end = "\r\n";
    changed += end;
  }
  frame = std::move(changed);
}

}  // namespace

std::vector<std::string> render_events(const std::vector<Event>& events, const Faults& faults) {
  std::vector<std::string> frames;
  std::size_t line = 0;
  for (const auto& event : events) {
    auto frame = frame_of(event, faults);
    change_line_ends(frame, faults, line);
    frames.push_back(std::move(frame));
  }
  if (frames.empty()) return frames;
  if (faults.has(fault("sse-unterminated"))) {
    auto& last = frames.back();
    while (last.ends_with('\n') || last.ends_with('\r')) last.pop_back();
  }
  if (faults.has(fault("sse-bom"))) frames.front().insert(0, kBom);
  if (faults.has(fault("sse-bom-twice"))) {
    frames.front().insert(0, kBom);
    frames.front().insert(0, kBom);
  }
  return frames;
}

}  // namespace simulator

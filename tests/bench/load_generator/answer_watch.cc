#include "tests/bench/load_generator/answer_watch.h"

namespace bench {
namespace {

// What every piece of the mock's content begins with; the role's content is empty.
constexpr std::string_view kContent = "\"content\":\" ";

}  // namespace

void AnswerWatch::begin(bool stream) {
  stream_ = stream;
  body_bytes_ = 0;
  events_ = 0;
  first_content_ = kNever;
  after_line_ = false;
  tail_.clear();
}

AnswerWatch::State AnswerWatch::take(std::string_view bytes, Nanoseconds time) {
  for (auto part = reader_.next(bytes); part.kind != Part::more; part = reader_.next(bytes)) {
    if (part.kind == Part::malformed) return State::malformed;
    if (part.kind == Part::body) look(part.bytes, time);
    if (part.kind == Part::end) return bytes.empty() ? State::ended : State::malformed;
  }
  return State::waits;
}

void AnswerWatch::look(std::string_view body, Nanoseconds time) {
  body_bytes_ += body.size();
  if (!stream_) return;
  if (first_content_ == kNever) look_for_content(body, time);
  // An event ends with an empty line; comments, which are no events, do so too and are rare
  // enough to be seen in the counts.
  for (std::size_t at = 0; at < body.size(); ++at) {
    if (body[at] != '\n') {
      at = body.find('\n', at);
      if (at == body.npos) break;
      after_line_ = true;
    } else if (after_line_) {
      ++events_;
      after_line_ = false;
    } else {
      after_line_ = true;
    }
  }
  if (!body.ends_with('\n')) after_line_ = false;
}

void AnswerWatch::look_for_content(std::string_view body, Nanoseconds time) {
  tail_ += body;
  if (tail_.find(kContent) != tail_.npos) {
    first_content_ = time;
    tail_.clear();
  } else if (tail_.size() >= kContent.size()) {
    tail_.erase(0, tail_.size() - kContent.size() + 1);
  }
}

}  // namespace bench

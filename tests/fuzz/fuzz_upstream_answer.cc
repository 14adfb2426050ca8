// An upstream's answer reads the same however its bytes arrive: the same verdict, head,
// body and fitness for reuse. And whatever it is, no byte of body comes from nowhere.

#include <string>

#include "gateway/upstream/answer_parser.h"
#include "tests/fuzz/check.h"

namespace {

using gateway::upstream::AnswerParser;

struct Outcome {
  bool failed = false;
  bool complete = false;
  bool reusable = false;
  int status = 0;
  std::string head;
  std::string body;
  bool operator==(const Outcome&) const = default;
};

Outcome run(std::string_view bytes, fuzz::Cut cut) {
  AnswerParser parser;
  Outcome outcome;
  fuzz::for_each_piece(bytes, cut, [&](const std::string& piece) {
    std::string read(piece);
    const auto body = parser.feed(read);
    outcome.failed = !body;
    if (body) outcome.body += *body;
    return body.has_value();
  });
  FUZZ_CHECK(outcome.body.size() <= bytes.size(), "more body than bytes");
  if (!outcome.failed) outcome.failed = !parser.closed();
  // How far one got before the fault depends on the pieces.
  if (outcome.failed) {
    Outcome nothing;
    nothing.failed = true;
    return nothing;
  }

  outcome.complete = parser.complete();
  outcome.reusable = parser.reusable();
  outcome.status = parser.status();
  for (const auto& [name, value] : parser.fields()) {
    outcome.head.append(name).append(": ").append(value).append("\n");
  }
  FUZZ_CHECK(outcome.complete, "an end without an answer");
  FUZZ_CHECK(outcome.status >= 200 && outcome.status < 600, "no final status");
  return outcome;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes = fuzz::view(data, size);
  const Outcome whole = run(bytes, fuzz::Cut::whole);
  FUZZ_CHECK(run(bytes, fuzz::Cut::bytes) == whole, "byte by byte");
  FUZZ_CHECK(run(bytes, fuzz::Cut::pieces) == whole, "in pieces");
  return 0;
}

// Requests and answers parsed by the door: the same verdict, head, body and rest however
// the bytes arrive, and nothing of a refused head is shown.

#include <optional>
#include <string>

#include "gateway/http/head_rules.h"
#include "gateway/http/parser.h"
#include "tests/fuzz/check.h"

namespace {

using gateway::http::Field;
using gateway::http::Parser;
using gateway::http::Step;

struct Outcome {
  Step step = Step::more;
  std::string head;
  std::string body;
  std::size_t used = 0;  // bytes of the message
  bool operator==(const Outcome&) const = default;
};

std::string describe(const Parser& parser, Parser::Kind kind) {
  std::string text(parser.target());
  if (kind == Parser::Kind::request) text += " " + std::string(parser.method());
  text += " " + std::to_string(parser.status()) + " " + std::to_string(parser.minor_version());
  for (const Field& field : parser.fields()) {
    text.append("\n").append(field.name).append("=").append(field.value);
  }
  if (parser.chunked()) text += "\nchunked";
  if (parser.until_close()) text += "\nuntil close";
  if (parser.keep_alive()) text += "\nkeep alive";
  if (parser.content_length()) text += "\nlength " + std::to_string(*parser.content_length());
  return text;
}

Outcome run(std::string_view message, Parser::Kind kind, fuzz::Cut cut) {
  Parser parser(kind);
  parser.reset();
  Outcome outcome;
  std::string arrived;
  bool head_done = false;
  const auto read_body = [&](std::string piece) {
    const Parser::Part part = parser.read_body(piece);
    FUZZ_CHECK(part.consumed <= piece.size(), "consumed");
    outcome.body += part.data;
    outcome.used += part.consumed;
    outcome.step = part.step;
    return part.step == Step::more;
  };
  fuzz::for_each_piece(message, cut, [&](const std::string& piece) {
    if (head_done) return read_body(piece);
    arrived = arrived + piece;  // in new memory
    outcome.step = parser.read_head(arrived);
    if (outcome.step != Step::done) return outcome.step == Step::more;
    head_done = true;
    FUZZ_CHECK(parser.head_size() <= arrived.size(), "head size");
    outcome.head = describe(parser, kind);
    outcome.used = parser.head_size();
    parser.limit_body(1 << 20);
    return read_body(arrived.substr(parser.head_size()));
  });
  if (outcome.step == Step::more && head_done && parser.finish()) outcome.step = Step::done;
  if (outcome.step == Step::failed) {
    FUZZ_CHECK(!parser.problem().reason.empty(), "a problem without a reason");
    return {Step::failed, outcome.head, "", 0};
  }
  return outcome;
}

// A request line is refused or understood as early and as late as bytes come.
void check_request_line(std::string_view message) {
  using gateway::http::LineState;
  using gateway::http::read_request_line;
  const std::string whole_bytes(message);
  const auto whole = read_request_line(whole_bytes);
  for (std::size_t size = 0; size <= std::min<std::size_t>(message.size(), 64); ++size) {
    const std::string bytes(message.substr(0, size));
    const auto part = read_request_line(bytes);
    if (!part) {
      FUZZ_CHECK(!whole, "refused in part, accepted whole");
      return;
    }
    if (part->state == LineState::done) {
      FUZZ_CHECK(whole && whole->state == LineState::done, "accepted in part, not whole");
      FUZZ_CHECK(part->line.target == whole->line.target, "another target");
      return;
    }
  }
}

// A lawful request says the same to the rules as to the parser.
void check_rules(const std::string& message, const Outcome& outcome) {
  if (outcome.step != Step::done || outcome.used > message.size()) return;
  Parser parser(Parser::Kind::request);
  parser.reset();
  FUZZ_CHECK(parser.read_head(message) == Step::done, "read before");
  const auto line = gateway::http::read_request_line(message);
  if (!line || line->state != gateway::http::LineState::done) return;
  if (!gateway::http::raw_problem(message.substr(0, parser.head_size())).empty()) return;
  const auto facts = gateway::http::check_request(line->line, parser.fields());
  if (!facts) return;
  FUZZ_CHECK(line->line.target == parser.target(), "two targets");
  FUZZ_CHECK(line->line.minor_version == parser.minor_version(), "two versions");
  FUZZ_CHECK(facts->chunked == parser.chunked(), "two framings");
  FUZZ_CHECK(facts->content_length == parser.content_length(), "two lengths");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view message = fuzz::view(data, size);
  const auto kind = fuzz::choose(message, 2) == 0 ? Parser::Kind::request : Parser::Kind::response;
  const Outcome whole = run(message, kind, fuzz::Cut::whole);
  FUZZ_CHECK(run(message, kind, fuzz::Cut::bytes) == whole, "byte by byte");
  FUZZ_CHECK(run(message, kind, fuzz::Cut::pieces) == whole, "in pieces");
  if (kind == Parser::Kind::request) {
    check_request_line(message);
    check_rules(std::string(message), whole);
  }
  return 0;
}

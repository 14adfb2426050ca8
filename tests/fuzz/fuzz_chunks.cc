// The chunk reader gives the same body however the bytes arrive, and the body a plain
// reading of RFC 9112, section 7.1, finds in them.

#include <optional>
#include <string>

#include "gateway/http/parser.h"
#include "tests/fuzz/check.h"

namespace {

using gateway::http::Parser;
using gateway::http::Step;

constexpr std::string_view kHead =
    "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";

struct Outcome {
  Step step = Step::more;
  std::string body;
  std::size_t left = 0;  // bytes behind the message
  bool operator==(const Outcome&) const = default;
};

Outcome run(std::string_view chunks, fuzz::Cut cut) {
  Parser parser(Parser::Kind::request);
  parser.reset();
  FUZZ_CHECK(parser.read_head(kHead) == Step::done, "head");
  FUZZ_CHECK(parser.chunked(), "head");
  parser.limit_body(1 << 20);
  Outcome outcome;
  outcome.left = chunks.size();
  fuzz::for_each_piece(chunks, cut, [&](const std::string& bytes) {
    std::string piece(bytes);
    const Parser::Part part = parser.read_body(piece);
    FUZZ_CHECK(part.consumed <= piece.size(), "consumed");
    FUZZ_CHECK(
        part.step == Step::done || part.step == Step::failed || part.consumed == piece.size(),
        "stopped early");
    outcome.body += part.data;
    outcome.step = part.step;
    outcome.left -= part.consumed;
    return part.step == Step::more;
  });
  if (outcome.step == Step::failed) return {Step::failed, "", 0};
  return outcome;
}

int hex(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// Sizes and data alone: extensions and trailers are skipped unread. Only asked about
// texts that were accepted.
std::optional<std::string> plain_reading(std::string_view chunks) {
  std::string body;
  for (;;) {
    std::size_t size = 0;
    std::size_t digits = 0;
    while (digits < chunks.size() && hex(chunks[digits]) >= 0) {
      if (size >> 40 != 0) return std::nullopt;
      size = size * 16 + static_cast<std::size_t>(hex(chunks[digits++]));
    }
    const std::size_t line = chunks.find("\r\n");
    if (digits == 0 || line == std::string_view::npos) return std::nullopt;
    chunks.remove_prefix(line + 2);
    if (size == 0) return body;
    if (chunks.size() < size + 2 || chunks.substr(size, 2) != "\r\n") return std::nullopt;
    body += chunks.substr(0, size);
    chunks.remove_prefix(size + 2);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view chunks = fuzz::view(data, size);
  const Outcome whole = run(chunks, fuzz::Cut::whole);
  FUZZ_CHECK(run(chunks, fuzz::Cut::bytes) == whole, "byte by byte");
  FUZZ_CHECK(run(chunks, fuzz::Cut::pieces) == whole, "in pieces");
  if (whole.step == Step::done) {
    FUZZ_CHECK(plain_reading(chunks) == whole.body, "another body");
  }
  return 0;
}

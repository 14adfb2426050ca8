// The public data suites of HTTP/1 cases: Http11Probe against a live listener, llhttp's
// own examples against the parser.
#include "tests/support/suites.h"

#include <cctype>
#include <regex>

#include <simdjson.h>

#include "gateway/http/parser.h"
#include "tests/gateway/http/case_verdicts.h"

namespace gateway::http {
namespace {

using std::chrono::milliseconds;
using test::Answer;
using test::RawClient;

// The suites write bytes as latin-1.
std::string from_latin1(std::string_view utf8) {
  std::string bytes;
  for (std::size_t i = 0; i < utf8.size(); ++i) {
    const auto byte = static_cast<unsigned char>(utf8[i]);
    bytes.push_back(byte < 0x80 ? utf8[i]
                                : static_cast<char>((byte & 3) << 6 | (utf8[++i] & 0x3f)));
  }
  return bytes;
}

std::string replace_all(std::string text, std::string_view from, std::string_view to) {
  for (std::size_t at = text.find(from); at != std::string::npos;
       at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
  return text;
}

// What one of Http11Probe's cases saw.
struct Outcome {
  std::vector<Answer> answers;
  bool closed = false;
};

// One of its expectations, as it is written: "400/501 or close", "2xx + echo", …
struct Expectation {
  std::string text;

  bool says(std::string_view word) const { return text.find(word) != std::string::npos; }

  bool allows_status(unsigned status) const {
    if (says("!101") || says("non-101")) return status != 101;
    if (says("non-1xx")) return status >= 200;
    if (says("not 414")) return status != 414;
    if (status / 100 == 2 && (says("2xx") || says("Range2xx"))) return true;
    // Refused or dropped is the same to a client here: nothing is passed on from this door.
    if (says("Reject/drop")) return status / 100 == 4;
    return says(std::to_string(status));
  }
  bool allows_silence() const { return (says("close") && !says("+ close")) || says("timeout"); }
};

std::string wrong(const Expectation& expected, const Outcome& seen, bool head,
                  std::string_view sent) {
  if (seen.answers.empty()) {
    return expected.allows_silence() ? "" : "no answer";
  }
  const Answer& first = seen.answers[0];
  if (!expected.allows_status(first.status)) return fmt::format("answered {}", first.status);
  const bool fine = first.status / 100 == 2;
  if (!fine && first.status != 404 && first.status != 405 && first.status != 415 && !seen.closed) {
    return fmt::format("answered {} and stayed open", first.status);
  }
  if (expected.says("no extra response") && seen.answers.size() > 1) return "a second answer";
  if (fine && expected.says("+ close") && !seen.closed) return "stayed open";
  if (expected.says("echo") && sent.find(first.body) == std::string_view::npos &&
      first.body != "hello world") {
    return "echoed " + first.body;
  }
  if (head && !first.body.empty()) return "a body after HEAD";
  if (expected.says("Allow") && first.find("allow").empty()) return "no Allow";
  if (expected.says("Date") && first.find("date").empty()) return "no Date";
  if (expected.says("Content-Type") && first.find("content-type").empty()) return "no Content-Type";
  if (expected.says("without CL") && first.has("content-length")) return "a Content-Length";
  return "";
}

TEST(Suites, Http11ProbesScoredCasesAreAllRight) {
  const auto folder = support::suite("http11probe");
  TOLLGATE_NEEDS_SUITE(folder);
  const simdjson::padded_string text(support::file_bytes(folder / "cases.json"));
  simdjson::dom::parser parser;
  simdjson::dom::element document;
  ASSERT_EQ(parser.parse(text).get(document), simdjson::SUCCESS);
  LiveDoor door;
  std::size_t scored = 0;
  for (const auto item : document["cases"].get_array()) {
    if (!item["scored"].get_bool()) continue;
    ++scored;
    const auto expected_item = item["expected"];
    Expectation expected;
    std::string_view part;
    if (expected_item["description"].get(part) == simdjson::SUCCESS) expected.text = part;
    // What a parenthesis adds is worth a warning there, and no pass here.
    const bool no_extra = expected.says("no extra response");
    expected.text = std::regex_replace(expected.text, std::regex("\\([^)]*\\)"), "");
    expected.text = std::regex_replace(expected.text, std::regex(", 2xx *$"), "");
    if (no_extra) expected.text += " no extra response";
    if (expected_item["status"].get(part) == simdjson::SUCCESS) {
      expected.text.append(" ").append(part);
    }
    const std::string_view id = item["id"].get_string();
    if (id == "MAL-POST-CL-HUGE-NO-BODY") expected.text += " 413";  // as S-17 wants it
    if (expected_item["allow_close"].get_bool()) expected.text += " or close";

    // A case that expects to be left waiting is given little time.
    const milliseconds patience = expected.says("timeout") ? milliseconds(200) : milliseconds(1000);
    RawClient client(door.port());
    Outcome seen;
    std::string sent;
    bool head = false;
    for (const auto step : item["steps"].get_array()) {
      std::string bytes = from_latin1(step.get_string());
      bytes = replace_all(bytes, "{{HOST}}", door.authority());
      bytes = replace_all(bytes, "{{HOSTNAME}}", "127.0.0.1");
      bytes = replace_all(bytes, "{{PORT}}", std::to_string(door.port()));
      head = bytes.starts_with("HEAD ");
      sent += bytes;
      client.send(bytes);
      if (auto answer = client.receive(patience, head)) seen.answers.push_back(*answer);
    }
    // A second answer, or the end, follows at once or not at all.
    for (auto& late : client.receive_all(milliseconds(30))) seen.answers.push_back(late);
    seen.closed = client.closed(milliseconds(0));
    const std::string fault = wrong(expected, seen, head, sent);
    EXPECT_EQ(fault, "") << id << ": " << expected.text;
  }
  EXPECT_EQ(scored, 159U);
}

// What a whole conversation comes to at the parser: how many messages, and how it ends.
struct Verdict {
  int messages = 0;
  bool failed = false;
  bool unfinished = false;

  friend bool operator==(const Verdict&, const Verdict&) = default;
};

void PrintTo(const Verdict& verdict, std::ostream* out) {
  *out << verdict.messages << " messages" << (verdict.failed ? ", failed" : "")
       << (verdict.unfinished ? ", unfinished" : "");
}

Verdict judge(Parser::Kind kind, const std::string& bytes, std::size_t piece) {
  Parser parser(kind);
  Verdict verdict;
  std::size_t at = 0;
  while (at < bytes.size()) {
    parser.reset();
    Step step = Step::more;
    std::size_t arrived = at;
    while (step == Step::more && arrived < bytes.size()) {
      arrived = std::min(bytes.size(), arrived + piece);
      const std::string copy = bytes.substr(at, arrived - at);
      step = parser.read_head(copy);
    }
    if (step != Step::done) {
      verdict.failed = step == Step::failed;
      // What is left may be the line end an old client sends behind a body.
      verdict.unfinished = step == Step::more && bytes.substr(at) != "\r\n";
      return verdict;
    }
    const bool lives = parser.keep_alive();
    at += parser.head_size();
    Parser::Part part;
    do {
      std::string copy = bytes.substr(at, piece);
      part = parser.read_body(copy);
      at += part.consumed;
    } while (part.step == Step::more && at < bytes.size());
    if (part.step == Step::more) {
      verdict.unfinished = !parser.finish();
      verdict.messages += verdict.unfinished ? 0 : 1;
      return verdict;
    }
    if (part.step == Step::failed) {
      verdict.failed = true;
      return verdict;
    }
    ++verdict.messages;
    if (!lives) return verdict;
  }
  return verdict;
}

TEST(Suites, WhatLlhttpRefusesInItsOwnExamplesWeRefuse) {
  const auto folder = support::suite("llhttp");
  TOLLGATE_NEEDS_SUITE(folder);
  const simdjson::padded_string text(support::file_bytes(folder / "cases.json"));
  simdjson::dom::parser json;
  simdjson::dom::element document;
  ASSERT_EQ(json.parse(text).get(document), simdjson::SUCCESS);
  std::size_t judged = 0;
  for (const auto item : document["cases"].get_array()) {
    const std::string_view type = item["meta"]["type"].get_string();
    const auto kind = type.starts_with("request") ? Parser::Kind::request : Parser::Kind::response;
    std::string bytes;
    for (const auto step : item["steps"].get_array()) bytes += from_latin1(step.get_string());
    const std::string_view title = item["title"].get_string();
    const Verdict whole = judge(kind, bytes, bytes.size() + 1);
    for (std::size_t piece : {1UL, 2UL, 3UL, 7UL, 64UL}) {
      EXPECT_EQ(judge(kind, bytes, piece), whole) << title << " in pieces of " << piece;
    }
    if (type != "request" && type != "response") continue;  // lenient variants
    ++judged;
    std::string_view error;
    if (item["llhttp_error"].get(error) != simdjson::SUCCESS) continue;
    // Upgrades are nothing to us, and after `close` nothing is read.
    if (error.starts_with("Pause on") || error.starts_with("Data after")) continue;
    EXPECT_TRUE(whole.failed || whole.unfinished) << title << ": " << error;
  }
  EXPECT_EQ(judged, 206U);
}

}  // namespace
}  // namespace gateway::http

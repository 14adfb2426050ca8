#include "gateway/http/parser.h"

#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace gateway::http {
namespace {

// Everything a parser says about one message, as text to compare.
struct Seen {
  Step step = Step::more;
  std::string head;
  std::string body;
  std::string_view reason;
  std::size_t left = 0;  // bytes that belong to the next message
};

std::string head_text(const Parser& parser) {
  std::string text(parser.target());
  text += " " + std::to_string(parser.status()) + " v" + std::to_string(parser.minor_version());
  for (const Field& field : parser.fields()) {
    text.append("|").append(field.name).append("=").append(field.value);
  }
  if (parser.chunked()) text += "|(chunked)";
  if (parser.content_length()) text += "|(" + std::to_string(*parser.content_length()) + ")";
  return text;
}

// Feeds `message` cut at `cuts`, every piece in memory of its own, so that a view kept
// from an earlier read would show.
Seen parse(Parser::Kind kind, std::string_view message, const std::vector<std::size_t>& cuts,
           std::uint64_t limit = 1 << 20, bool ends = false) {
  Parser parser(kind);
  parser.reset();
  Seen seen;
  std::string arrived;
  std::string body_bytes;
  std::size_t from = 0;
  bool in_body = false;
  for (std::size_t i = 0; i <= cuts.size() && seen.step == Step::more; ++i) {
    const std::size_t to = i < cuts.size() ? cuts[i] : message.size();
    const std::string piece(message.substr(from, to - from));
    from = to;
    if (!in_body) {
      arrived = std::string(arrived) + piece;  // new memory
      seen.step = parser.read_head(arrived);
      if (seen.step != Step::done) continue;
      seen.head = head_text(parser);
      in_body = true;
      parser.limit_body(limit);
      body_bytes = arrived.substr(parser.head_size());
    } else {
      body_bytes = piece;
    }
    const Parser::Part part = parser.read_body(body_bytes);
    seen.step = part.step;
    seen.body += part.data;
    seen.left = body_bytes.size() - part.consumed + (message.size() - from);
  }
  if (seen.step == Step::more && ends && parser.finish()) seen.step = Step::done;
  seen.reason = parser.problem().reason;
  return seen;
}

constexpr std::string_view kChunked =
    "POST /v1/x?y=1 HTTP/1.1\r\nHost: a\r\nX-Empty:\r\nX-Blanks: \t b c \t\r\n"
    "transfer-encoding: chunked\r\n\r\n"
    "3\r\nabc\r\nA;name=value\r\n0123456789\r\n0\r\nX-Sum: 1\r\n\r\nGET /next";

TEST(Parser, ReadsAHeadAndItsFields) {
  const Seen seen = parse(Parser::Kind::request, kChunked, {});
  EXPECT_EQ(seen.step, Step::done);
  EXPECT_EQ(seen.head,
            "/v1/x?y=1 0 v1|Host=a|X-Empty=|X-Blanks=b c|transfer-encoding=chunked|(chunked)");
  EXPECT_EQ(seen.body, "abc0123456789");
  EXPECT_EQ(seen.left, std::string_view("GET /next").size());
}

TEST(Parser, AnySplitGivesTheSameMessage) {
  const std::string_view messages[] = {
      kChunked,
      "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nEmpty:\r\n\r\nhelloGET",
      "\r\nGET / HTTP/1.0\r\n\r\nGET",
  };
  for (std::string_view message : messages) {
    const Seen whole = parse(Parser::Kind::request, message, {});
    ASSERT_EQ(whole.step, Step::done);
    std::vector<std::size_t> every;
    for (std::size_t cut = 1; cut < message.size(); ++cut) {
      every.push_back(cut);
      const Seen cut_once = parse(Parser::Kind::request, message, {cut});
      EXPECT_EQ(cut_once.step, Step::done) << cut;
      EXPECT_EQ(cut_once.head, whole.head) << cut;
      EXPECT_EQ(cut_once.body, whole.body) << cut;
      EXPECT_EQ(cut_once.left, whole.left) << cut;
    }
    const Seen bytewise = parse(Parser::Kind::request, message, every);
    EXPECT_EQ(bytewise.step, Step::done);
    EXPECT_EQ(bytewise.head, whole.head);
    EXPECT_EQ(bytewise.body, whole.body);
  }
}

TEST(Parser, JoinsTheChunksOfOneReadWithoutCopyingThemElsewhere) {
  Parser parser(Parser::Kind::response);
  parser.reset();
  std::string bytes =
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n";
  ASSERT_EQ(parser.read_head(bytes), Step::done);
  const std::span<char> rest = std::span(bytes).subspan(parser.head_size());
  const Parser::Part part = parser.read_body(rest);
  EXPECT_EQ(part.step, Step::more);
  EXPECT_EQ(part.data, "abcde");
  EXPECT_GE(part.data.data(), rest.data());
  EXPECT_LE(part.data.data() + part.data.size(), rest.data() + rest.size());
}

TEST(Parser, IsReadyAgainAfterReset) {
  Parser parser(Parser::Kind::request);
  parser.reset();
  std::string first = "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi";
  ASSERT_EQ(parser.read_head(first), Step::done);
  ASSERT_EQ(parser.read_body(std::span(first).subspan(parser.head_size())).step, Step::done);
  parser.reset();
  std::string second = "GET /b HTTP/1.1\r\nConnection: close\r\n\r\n";
  ASSERT_EQ(parser.read_head(second), Step::done);
  EXPECT_EQ(parser.target(), "/b");
  EXPECT_EQ(parser.fields().size(), 1U);
  EXPECT_FALSE(parser.content_length());
  EXPECT_FALSE(parser.keep_alive());
  EXPECT_EQ(parser.read_body({}).step, Step::done);
}

TEST(Parser, AResetAfterAnErrorForgetsIt) {
  Parser parser(Parser::Kind::request);
  parser.reset();
  EXPECT_EQ(parser.read_head("@"), Step::failed);
  parser.reset();
  EXPECT_EQ(parser.read_head("GET / HTTP/1.1\r\n\r\n"), Step::done);
}

TEST(Parser, AnAnswerWithoutLengthLastsUntilTheConnectionEnds) {
  constexpr std::string_view kAnswer =
      "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\nall of it";
  EXPECT_EQ(parse(Parser::Kind::response, kAnswer, {}).step, Step::more);
  const Seen ended = parse(Parser::Kind::response, kAnswer, {46, 50}, 1 << 20, true);
  EXPECT_EQ(ended.step, Step::done);
  EXPECT_EQ(ended.body, "all of it");
}

TEST(Parser, ATruncatedAnswerIsNotWholeWhenTheConnectionEnds) {
  for (std::string_view answer :
       {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhi", "HTTP/1.1 200 OK\r\nContent-Le",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n"}) {
    EXPECT_EQ(parse(Parser::Kind::response, answer, {}, 1 << 20, true).step, Step::more);
  }
}

TEST(Parser, AnswersThatHaveNoBodyEndWithTheirHead) {
  for (std::string_view answer :
       {"HTTP/1.1 204 No Content\r\n\r\nHTTP", "HTTP/1.1 304 \r\n\r\nHTTP",
        "HTTP/1.1 100 Continue\r\n\r\nHTTP"}) {
    const Seen seen = parse(Parser::Kind::response, answer, {});
    EXPECT_EQ(seen.step, Step::done) << answer;
    EXPECT_EQ(seen.left, 4U) << answer;
  }
}

TEST(Parser, SaysTheStatusAndWhetherTheConnectionLives) {
  Parser parser(Parser::Kind::response);
  parser.reset();
  ASSERT_EQ(parser.read_head("HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n"), Step::done);
  EXPECT_EQ(parser.status(), 503U);
  EXPECT_TRUE(parser.keep_alive());
  parser.reset();
  ASSERT_EQ(parser.read_head("HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n"), Step::done);
  EXPECT_FALSE(parser.keep_alive());
}

TEST(Parser, AnUpgradeFieldMeansNothing) {
  const Seen seen = parse(Parser::Kind::request,
                          "GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: h2c\r\n"
                          "\r\nGET /",
                          {});
  EXPECT_EQ(seen.step, Step::done);
  EXPECT_EQ(seen.left, 5U);
}

TEST(Parser, TooManyFieldsAreRefused) {
  std::string head = "GET / HTTP/1.1\r\n";
  for (std::size_t i = 0; i < Parser::kMaxFields; ++i) head += "X: y\r\n";
  EXPECT_EQ(parse(Parser::Kind::request, head + "\r\n", {}).step, Step::done);
  Parser parser(Parser::Kind::request);
  parser.reset();
  EXPECT_EQ(parser.read_head(head + "X: y\r\n\r\n"), Step::failed);
  EXPECT_EQ(parser.problem().code, config::ErrorCode::head_too_large);
}

TEST(Parser, ABodyOverTheLimitIsTooLargeBeforeItsBytesArrive) {
  Parser parser(Parser::Kind::request);
  parser.reset();
  std::string bytes = "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6\r\n";
  ASSERT_EQ(parser.read_head(bytes), Step::done);
  parser.limit_body(10);
  EXPECT_EQ(parser.read_body(std::span(bytes).subspan(parser.head_size())).step, Step::failed);
  EXPECT_EQ(parser.problem().code, config::ErrorCode::too_large);
}

TEST(Parser, FramingBetweenTwoPiecesOfABodyIsBounded) {
  Parser parser(Parser::Kind::request);
  parser.reset();
  std::string head = "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n";
  ASSERT_EQ(parser.read_head(head), Step::done);
  std::string extension = "5;";
  ASSERT_EQ(parser.read_body(extension).step, Step::more);
  std::size_t sent = 0;
  Step step = Step::more;
  while (step == Step::more && sent < 10 * Parser::kMaxFraming) {
    std::string more(1000, 'a');
    sent += more.size();
    step = parser.read_body(more).step;
  }
  EXPECT_EQ(step, Step::failed);
  EXPECT_LE(sent, Parser::kMaxFraming + 2000);
}

TEST(Parser, TrailersCannotSayWhatBelongsInTheHead) {
  for (std::string_view name :
       {"Content-Length", "Transfer-Encoding", "Host", "authorization", "Content-Type", "Cookie"}) {
    const std::string message =
        "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nX: 1\r\n" +
        std::string(name) + ": 1\r\n\r\n";
    for (std::size_t cut = 60; cut < message.size(); ++cut) {
      EXPECT_EQ(parse(Parser::Kind::request, message, {cut}).step, Step::failed) << name << cut;
    }
  }
}

// What llhttp in strict mode lets pass, or might with another version.
TEST(Parser, LooseFramingIsRefusedAtAnySplit) {
  const std::string head = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (std::string_view body :
       {"3\nabc\r\n0\r\n\r\n",         "3;a\nabc\r\n0\r\n\r\n",
        "3\r\nabc\n0\r\n\r\n",         "3\r\nabc0\r\n\r\n",
        "3\r\nabc\r\n0\n\r\n",         "3\r\nabc\r\n0\r\n\n",
        "3\r\nabc\r\n0\r\nX: y\n\r\n", "3\r\nabc\r\n0\r\nX: y\r\n\n",
        "3;a\rX\r\nabc\r\n0\r\n\r\n",  "3\rX\r\nabc\r\n0\r\n\r\n",
        "3 \r\nabc\r\n0\r\n\r\n",      " 3\r\nabc\r\n0\r\n\r\n",
        "+3\r\nabc\r\n0\r\n\r\n",      "0x3\r\nabc\r\n0\r\n\r\n",
        "\r\nabc\r\n0\r\n\r\n",        "g\r\nabc\r\n0\r\n\r\n",
        "3;\r\nabc\r\n0\r\n\r\n",      "3\r\nabcd\r\n0\r\n\r\n",
        "3;a=\"b\r\nabc\r\n0\r\n\r\n", "11111111111111111\r\nabc\r\n0\r\n\r\n",
        "3;a=\1\r\nabc\r\n0\r\n\r\n"}) {
    const std::string message = head + std::string(body);
    for (std::size_t cut = head.size() - 1; cut < message.size(); ++cut) {
      EXPECT_EQ(parse(Parser::Kind::request, message, {cut}).step, Step::failed)
          << testing::PrintToString(body) << " cut at " << cut - head.size();
    }
  }
}

TEST(Parser, LooseHeadsAreRefusedInBothDirections) {
  for (std::string_view head :
       {"GET / HTTP/1.1\r\nHost: a\r\n\n", "GET / HTTP/1.1\nHost: a\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\nX: y\r\n\r\n", "GET / HTTP/1.1\r\nX: a\r\n b\r\n\r\n",
        "GET / HTTP/1.1\r\n X: a\r\n\r\n", "GET / HTTP/1.1\r\nX : a\r\n\r\n",
        "GET / HTTP/1.1\r\n: a\r\n\r\n", "GET / HTTP/1.1\r\nX: a\rb\r\n\r\n",
        "GET / HTTP/1.1\r\nX: a\r\r\n\r\n"}) {
    EXPECT_EQ(parse(Parser::Kind::request, head, {}).step, Step::failed)
        << testing::PrintToString(head);
  }
  for (std::string_view head : {"HTTP/1.1 200 OK\r\nX: a\r\n\n", "HTTP/1.1 200 OK\nX: a\r\n\r\n",
                                "HTTP/1.1 200 OK\r\nX: a\r\n b\r\n\r\n", "HTTP/2.0 200 OK\r\n\r\n",
                                "HTTP/1.1 20 OK\r\n\r\n", "ICY 200 OK\r\n\r\n"}) {
    EXPECT_EQ(parse(Parser::Kind::response, head, {}).step, Step::failed)
        << testing::PrintToString(head);
  }
}

}  // namespace
}  // namespace gateway::http

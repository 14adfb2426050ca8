#include "gateway/upstream/answer_parser.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace gateway::upstream {
namespace {

using config::ErrorCode;
using namespace std::string_literals;

struct Outcome {
  std::string verdict;  // "ok", "more", or the error's code and detail
  int status = 0;
  std::string body;
  bool reusable = false;
  friend bool operator==(const Outcome&, const Outcome&) = default;
};

std::ostream& operator<<(std::ostream& out, const Outcome& o) {
  return out << o.verdict << " " << o.status << " '" << o.body << "' " << o.reusable;
}

std::string name(const config::Error& error) {
  return (error.code == ErrorCode::upstream_garbled ? "garbled: " : "broken off: ") + error.detail;
}

// Feeds pieces of at most `piece` bytes, then closes where `close` says so.
Outcome read(std::string bytes, std::size_t piece, bool close = false) {
  AnswerParser parser;
  Outcome outcome;
  for (std::size_t at = 0; at < bytes.size(); at += piece) {
    auto body = parser.feed(std::span(bytes).subspan(at, std::min(piece, bytes.size() - at)));
    if (!body) {
      outcome.verdict = name(body.error());
      return outcome;
    }
    outcome.body.append(*body);
  }
  if (close) {
    if (auto ended = parser.closed(); !ended) {
      outcome.verdict = name(ended.error());
      return outcome;
    }
  }
  outcome.verdict = parser.complete() ? "ok" : "more";
  if (parser.head_complete()) outcome.status = parser.status();
  outcome.reusable = parser.complete() && parser.reusable();
  return outcome;
}

Outcome read(const std::string& bytes) {
  return read(bytes, bytes.size());
}

std::string verdict(const std::string& bytes) {
  return read(bytes, bytes.size(), true).verdict;
}

testing::Matcher<std::string> Garbled() {
  return testing::StartsWith("garbled: ");
}

TEST(AnswerParser, AnySplitGivesTheSameAnswer) {
  const std::vector<std::string> answers = {
      "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-A:  b \r\n\r\nhello",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n10;x=y\r\n0123456789abcdef"
      "\r\n0\r\nX-Trailer: t\r\n\r\n",
      "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
      "HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno",
      "HTTP/1.1 204 No Content\r\n\r\n",
      "HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n",
      "HTTP/1.0 200 OK\r\nConnection: close\r\n\r\nuntil the end",
  };
  for (const std::string& answer : answers) {
    const bool close = answer.ends_with("until the end");
    const Outcome whole = read(answer, answer.size(), close);
    EXPECT_EQ(whole.verdict, "ok") << answer;
    for (std::size_t piece = 1; piece < answer.size(); ++piece) {
      EXPECT_EQ(read(answer, piece, close), whole) << answer << " by " << piece;
    }
  }
}

TEST(AnswerParser, FieldsOutliveTheBytesTheyWereReadFrom) {
  AnswerParser parser;
  {
    std::string bytes =
        "HTTP/1.1 200 OK\r\nX-Request-Id: abc\r\nEmpty:\r\nContent-Length: 0\r\n\r\n";
    ASSERT_TRUE(parser.feed(bytes));
    std::fill(bytes.begin(), bytes.end(), '#');
  }
  ASSERT_TRUE(parser.complete());
  ASSERT_EQ(parser.fields().size(), 3u);
  EXPECT_EQ(parser.fields()[0], (AnswerParser::Field{"X-Request-Id", "abc"}));
  EXPECT_EQ(parser.fields()[1], (AnswerParser::Field{"Empty", ""}));
}

TEST(AnswerParser, U11_HalfAHeadIsBrokenOff) {
  EXPECT_THAT(verdict("HTTP/1.1 200 OK\r\nContent-Le"), testing::StartsWith("broken off"));
  EXPECT_THAT(verdict(""), testing::StartsWith("broken off"));
}

TEST(AnswerParser, U12_WhatIsNotHttpIsRefusedAtItsFirstBytes) {
  for (const std::string& bytes :
       {"hello"s, "<html>"s, "{}"s, "\x16\x03\x01\x02"s, "ICY 200 OK\r\n"s,
        "HTTP/0.9 200 OK\r\n\r\n"s, "HTTP/2.0 200 OK\r\n\r\n"s, "HTTP/1.2 200 OK\r\n\r\n"s,
        "PRI * HTTP/2.0\r\n\r\n"s}) {
    EXPECT_THAT(read(bytes).verdict, Garbled()) << bytes;
  }
}

TEST(AnswerParser, AStatusHasThreeDigits) {
  for (const std::string status : {"20", "2000", "abc", "-20", "099", "600", "999", ""}) {
    EXPECT_THAT(verdict("HTTP/1.1 " + status + " X\r\nContent-Length: 0\r\n\r\n"), Garbled())
        << status;
  }
}

TEST(AnswerParser, U13_AnEndlessHeadIsRefusedInBoundedMemory) {
  const std::string one = "HTTP/1.1 200 OK\r\nX: " + std::string(1024 * 1024, 'x');
  EXPECT_THAT(read(one, 16 * 1024).verdict, Garbled());
  std::string many = "HTTP/1.1 200 OK\r\n";
  for (int i = 0; i < 20'000; ++i) many += "X-Field: value\r\n";
  EXPECT_THAT(read(many, 16 * 1024).verdict, Garbled());
}

TEST(AnswerParser, U14_ControlBytesAndLooseLineEndsAreRefused) {
  const std::string begin = "HTTP/1.1 200 OK\r\n";
  const std::string end = "\r\nContent-Length: 0\r\n\r\n";
  EXPECT_EQ(verdict(begin + "X: a" + end), "ok");
  for (const std::string& field : {"X: a\rb"s, "X: a\0b"s, "X: a\nY: b"s, "X\0: a"s, "X : a"s,
                                   ": a"s, "X: a\r\n folded"s, "X: a\r\n\tfolded"s, "NoColon"s}) {
    EXPECT_THAT(verdict(begin + field + end), Garbled()) << field;
  }
  EXPECT_THAT(verdict("HTTP/1.1 200 OK\nContent-Length: 0\n\n"), Garbled());
  EXPECT_THAT(verdict(begin + "Content-Length: 0\r\n\n"), Garbled());
}

TEST(AnswerParser, U15_FramingSaidTwiceOrWronglyIsRefused) {
  for (const std::string fields :
       {"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked\r\nContent-Length: 2\r\n",
        "Content-Length: 2\r\nContent-Length: 2\r\n", "Content-Length: 2\r\nContent-Length: 3\r\n",
        "Content-Length: 2, 2\r\n", "Content-Length: +2\r\n", "Content-Length: -2\r\n",
        "Content-Length: 0x2\r\n", "Content-Length: 2 2\r\n", "Content-Length:\r\n",
        "Content-Length: 99999999999999999999999\r\n", "Transfer-Encoding: gzip\r\n",
        "Transfer-Encoding: gzip, chunked\r\n", "Transfer-Encoding: chunked, chunked\r\n",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: xchunked\r\n", "Transfer-Encoding: \"chunked\"\r\n"}) {
    EXPECT_THAT(verdict("HTTP/1.1 200 OK\r\n" + fields + "\r\n2\r\nok\r\n0\r\n\r\n"), Garbled())
        << fields;
  }
}

TEST(AnswerParser, U16_BytesBehindTheBodyKeepTheConnectionFromReuse) {
  const std::string answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
  EXPECT_TRUE(read(answer).reusable);
  const Outcome poisoned = read(answer + "POISONED");
  EXPECT_EQ(poisoned.verdict, "ok");
  EXPECT_EQ(poisoned.body, "ok");
  EXPECT_FALSE(poisoned.reusable);
  EXPECT_EQ(read(answer + "POISONED", 1), poisoned);

  const std::string chunked =
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n";
  EXPECT_TRUE(read(chunked).reusable);
  EXPECT_FALSE(read(chunked + "HTTP/1.1 200 OK\r\n\r\n").reusable);
  EXPECT_FALSE(read("HTTP/1.1 204 No Content\r\n\r\nX").reusable);
}

TEST(AnswerParser, U17_ABodyShorterThanItsLengthIsBrokenOff) {
  EXPECT_THAT(verdict("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"),
              testing::StartsWith("broken off"));
}

TEST(AnswerParser, U18_BadAndCutChunksAreRefused) {
  const std::string head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (const std::string body :
       {"zz\r\n", "-1\r\n", "+2\r\nok\r\n", "0x2\r\nok\r\n", "10000000000000000\r\n",
        "2\r\nokay\r\n", "2\nok\r\n0\r\n\r\n", "2\r\nok\n0\r\n\r\n", "\r\n", " 2\r\nok\r\n"}) {
    EXPECT_THAT(verdict(head + body), Garbled()) << body;
  }
  EXPECT_THAT(verdict(head + "5\r\nhel"), testing::StartsWith("broken off"));
  EXPECT_THAT(verdict(head + "2\r\nok\r\n0\r\n"), testing::StartsWith("broken off"));
  EXPECT_THAT(verdict(head + "1;" + std::string(100'000, 'x')), Garbled());
}

TEST(AnswerParser, U18_AChunkOverTheLimitIsRefusedBeforeItComes) {
  std::string bytes = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n";
  std::string huge = "8000000000000000\r\nx";
  AnswerParser parser;
  ASSERT_TRUE(parser.feed(bytes));
  parser.limit_body(1000);
  EXPECT_FALSE(parser.feed(huge));
}

TEST(AnswerParser, U19_OnlyAnAnswerWithALengthOnAKeptConnectionIsReusable) {
  EXPECT_FALSE(read("HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok").reusable);
  EXPECT_TRUE(
      read("HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nok").reusable);
  EXPECT_FALSE(
      read("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok").reusable);
  const Outcome chunked =
      read("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n");
  EXPECT_EQ(chunked.body, "ok");
  EXPECT_FALSE(chunked.reusable);
  const std::string to_the_end = "HTTP/1.1 200 OK\r\n\r\nok";
  EXPECT_EQ(read(to_the_end).verdict, "more");
  EXPECT_EQ(read(to_the_end, 100, true), (Outcome{"ok", 200, "ok", false}));
}

TEST(AnswerParser, U20_InterimAnswersAreSkippedAndBounded) {
  const std::string ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
  EXPECT_EQ(verdict("HTTP/1.1 100 Continue\r\n\r\n" + ok), "ok");
  EXPECT_THAT(
      verdict("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n"),
      Garbled());
  EXPECT_THAT(verdict("HTTP/1.1 100 Continue\r\nContent-Length: 5\r\n\r\nhello" + ok), Garbled());
  std::string endless;
  for (int i = 0; i < 10'000; ++i) endless += "HTTP/1.1 102 Processing\r\n\r\n";
  EXPECT_THAT(verdict(endless + ok), Garbled());
}

TEST(AnswerParser, U21_OneByteChunksWithExtensionsAndTrailersAreRead) {
  std::string answer = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (const char c : "one byte at a time"s) answer += "1;a=\"b\"\r\n"s + c + "\r\n";
  answer += "0;last\r\nX-One: 1\r\nX-Two: 2\r\n\r\n";
  EXPECT_EQ(read(answer), (Outcome{"ok", 200, "one byte at a time", true}));
}

TEST(AnswerParser, U22_CompressionNobodyAskedForIsRefused) {
  EXPECT_THAT(
      verdict("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\n\x1f\x8b"),
      Garbled());
  EXPECT_EQ(verdict("HTTP/1.1 200 OK\r\nContent-Encoding: identity\r\nContent-Length: 2\r\n\r\nok"),
            "ok");
}

TEST(AnswerParser, ABodyWhereThereIsNoneIsRefused) {
  EXPECT_THAT(verdict("HTTP/1.1 204 No Content\r\nContent-Length: 2\r\n\r\nok"), Garbled());
  EXPECT_THAT(verdict("HTTP/1.1 304 Not Modified\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
              Garbled());
}

TEST(AnswerParser, ResetStartsAnew) {
  AnswerParser parser;
  std::string half = "HTTP/1.1 200 OK\r\nContent-Len";
  std::string whole = "HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\nok";
  ASSERT_TRUE(parser.feed(half));
  parser.reset();
  EXPECT_FALSE(parser.started());
  const auto body = parser.feed(whole);
  ASSERT_TRUE(body);
  EXPECT_EQ(*body, "ok");
  EXPECT_EQ(parser.status(), 201);
}

}  // namespace
}  // namespace gateway::upstream

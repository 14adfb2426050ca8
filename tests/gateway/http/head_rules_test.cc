#include "gateway/http/head_rules.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace gateway::http {
namespace {

using config::ErrorCode;

// The request line of `text`, or the code it is refused with; `more` as internal.
ErrorCode line_verdict(std::string_view text) {
  const auto read = read_request_line(text);
  if (!read) return read.error().code;
  return read->state == LineState::done ? ErrorCode::invalid_request : ErrorCode::internal;
}
constexpr ErrorCode kAccepted = ErrorCode::invalid_request;
constexpr ErrorCode kMore = ErrorCode::internal;

config::Result<RequestFacts> facts_of(std::vector<Field> fields, std::string_view target = "/",
                                      verb method = verb::post, int minor_version = 1) {
  return check_request({method, target, minor_version}, fields);
}

ErrorCode refusal_of(std::vector<Field> fields, std::string_view target = "/",
                     verb method = verb::post, int minor_version = 1) {
  const auto facts = facts_of(std::move(fields), target, method, minor_version);
  return facts ? kAccepted : facts.error().code;
}

TEST(HeadRules, ALawfulRequestLineIsReadIntoItsParts) {
  const auto read = read_request_line("POST /v1/chat/completions?x=%20[1] HTTP/1.0\r\nHost:");
  ASSERT_TRUE(read);
  ASSERT_EQ(read->state, LineState::done);
  EXPECT_EQ(read->line.method, verb::post);
  EXPECT_EQ(read->line.target, "/v1/chat/completions?x=%20[1]");
  EXPECT_EQ(read->line.minor_version, 0);
}

TEST(HeadRules, OneEmptyLineBeforeTheRequestIsForgiven) {
  EXPECT_EQ(line_verdict("\r\nGET / HTTP/1.1\r\n"), kAccepted);
  EXPECT_EQ(line_verdict("\r\n\r\nGET / HTTP/1.1\r\n"), ErrorCode::malformed_request);
  EXPECT_EQ(line_verdict("\nGET / HTTP/1.1\r\n"), ErrorCode::malformed_request);
  EXPECT_EQ(line_verdict("\r"), kMore);
  EXPECT_EQ(line_verdict("\r\n"), kMore);
}

TEST(HeadRules, AnUnfinishedLineWaitsOnlyWhileItCanStillBeLawful) {
  const std::string line = "GET /path HTTP/1.1\r\n";
  for (std::size_t size = 0; size < line.size(); ++size) {
    EXPECT_EQ(line_verdict(line.substr(0, size)), kMore) << size;
  }
  EXPECT_EQ(line_verdict(" GET"), ErrorCode::malformed_request);
  EXPECT_EQ(line_verdict("G\1"), ErrorCode::malformed_request);
  EXPECT_EQ(line_verdict(std::string(33, 'A')), ErrorCode::malformed_request);
}

TEST(HeadRules, H04_MethodsAreTokensAndOthersThanOursAreKnownAsSuch) {
  EXPECT_EQ(line_verdict("PO(T / HTTP/1.1\r\n"), ErrorCode::malformed_request);
  for (std::string_view method : {"post", "BREW", "TRACE", "CONNECT", "PRI"}) {
    const std::string line = std::string(method) + " / HTTP/1.1\r\n";
    const auto read = read_request_line(line);
    ASSERT_TRUE(read) << method;
    EXPECT_EQ(read->line.method, verb::unknown) << method;
  }
}

TEST(HeadRules, H05_OnlyTwoVersionsAreSpoken) {
  for (std::string_view version :
       {"HTTP/9.9", "HTTP/2.0", "HTTP/1.1x", "http/1.1", "HTTP/1.", "HTTP/11", "HTTP/1.1.1",
        "HTTP/01.1", "HTTQ/1.1", "HTTP/-1.1", "HTTP/1.10", "HTTP/1.2", "HTTP/0.9", "HTTP/1", ""}) {
    const std::string line = "GET / " + std::string(version) + "\r\n";
    EXPECT_EQ(line_verdict(line), ErrorCode::malformed_request) << version;
  }
}

TEST(HeadRules, H08_ThePartsOfARequestLineAreOneSpaceApart) {
  for (std::string_view line :
       {"GET  / HTTP/1.1\r\n", "GET /  HTTP/1.1\r\n", "GET\t/ HTTP/1.1\r\n", "GET /\tHTTP/1.1\r\n",
        "GET / HTTP/1.1 \r\n", "GET / a HTTP/1.1\r\n", "GET / HTTP/1.1\n", "GET / HTTP/1.1\r\r\n",
        "GET\r\n", "GET /\r\n", "GET / \r\n", " GET / HTTP/1.1\r\n"}) {
    EXPECT_EQ(line_verdict(line), ErrorCode::malformed_request) << testing::PrintToString(line);
  }
}

TEST(HeadRules, H16_ALongTargetIsSaidToBeTooLongBeforeItEnds) {
  const std::string target(kMaxTarget, 'a');
  EXPECT_EQ(line_verdict("GET /" + target.substr(1) + " HTTP/1.1\r\n"), kAccepted);
  EXPECT_EQ(line_verdict("GET /" + target + " HTTP/1.1\r\n"), ErrorCode::target_too_long);
  EXPECT_EQ(line_verdict("GET /" + target), ErrorCode::target_too_long);
}

TEST(HeadRules, H23_TargetsHoldNoBytesThatMustBeEncoded) {
  for (std::string_view target :
       {std::string_view("/caf\xc3\xa9"), std::string_view("/a\0b", 4), std::string_view("/#here"),
        std::string_view("/a\"b"), std::string_view("/<a>"), std::string_view("/a\\b"),
        std::string_view("/a\x7f"), std::string_view("/{a}")}) {
    const std::string line = "GET " + std::string(target) + " HTTP/1.1\r\n";
    EXPECT_EQ(line_verdict(line), ErrorCode::malformed_request) << testing::PrintToString(target);
  }
  EXPECT_EQ(line_verdict("GET /%00%0d%0aSet-Cookie: HTTP/1.1\r\n"), kAccepted);  // and then a 404
}

TEST(HeadRules, H01_NoHostIsRefusedIn11) {
  EXPECT_EQ(refusal_of({}), ErrorCode::malformed_request);
  EXPECT_EQ(refusal_of({}, "/", verb::post, 0), kAccepted);
}

TEST(HeadRules, H02_TwoHostsAreRefused) {
  EXPECT_EQ(refusal_of({{"Host", "a"}, {"host", "a"}}), ErrorCode::malformed_request);
  EXPECT_EQ(refusal_of({{"Host", "a"}, {"HOST", "b"}}), ErrorCode::malformed_request);
}

TEST(HeadRules, H03_AHostIsAHostAndPerhapsAPort) {
  for (std::string_view host :
       {"a b", "a/b",    "a?b",    "a#@b", "user@host", "a\\b", "a,b",     "h:80:80",
        "h:x", "[::1",   "<x>",    "",     ":80",       "h:",   "h:65536", "h:-1",
        "[]",  "[::1]x", "[::1]:", "[a]",  "a%41",      "h:+80"}) {
    EXPECT_FALSE(lawful_host(host)) << host;
    EXPECT_EQ(refusal_of({{"Host", host}}), ErrorCode::malformed_request) << host;
  }
  for (std::string_view host : {"localhost", "127.0.0.1:8080", "a.b-c_d.example", "[::1]:443",
                                "[2001:db8::1]", "h:0", "h:65535"}) {
    EXPECT_TRUE(lawful_host(host)) << host;
  }
}

TEST(HeadRules, H22_TargetsOfOtherFormsAreRefused) {
  EXPECT_EQ(path_of(verb::post, "*", "h"), std::nullopt);
  EXPECT_EQ(path_of(verb::options, "*", "h"), "*");
  EXPECT_EQ(path_of(verb::get, "example.com:443", "h"), std::nullopt);
  EXPECT_EQ(path_of(verb::get, "v1/models", "h"), std::nullopt);
  EXPECT_EQ(path_of(verb::get, "/v1/models?a=/b", "h"), "/v1/models");
}

TEST(HeadRules, H24_AbsoluteFormIsServedForOurOwnAuthorityOnly) {
  EXPECT_EQ(path_of(verb::get, "http://h:80/a?b", "h:80"), "/a");
  EXPECT_EQ(path_of(verb::get, "HTTP://H:80/a", "h:80"), "/a");
  for (std::string_view target : {"http://other/a", "http://h:80", "http://h:8/a", "https://h:80/a",
                                  "http://user@h:80/a", "http:///a", "http://h:80.evil/a"}) {
    EXPECT_EQ(path_of(verb::get, target, "h:80"), std::nullopt) << target;
  }
  EXPECT_EQ(path_of(verb::get, "http:///a", ""), std::nullopt);
}

TEST(HeadRules, FramingAndCredentialsAreSaidOnce) {
  for (std::string_view name : {"Content-Length", "Transfer-Encoding", "Authorization",
                                "Content-Type", "Content-Encoding", "Expect"}) {
    EXPECT_EQ(refusal_of({{"Host", "a"}, {name, "1"}, {name, "1"}}), ErrorCode::malformed_request)
        << name;
  }
  EXPECT_EQ(refusal_of({{"Host", "a"}, {"Accept", "1"}, {"Accept", "1"}}), kAccepted);
}

TEST(HeadRules, S01_LengthAndChunksExcludeEachOther) {
  const Field length{"Content-Length", "5"};
  const Field chunks{"Transfer-Encoding", "chunked"};
  EXPECT_EQ(refusal_of({{"Host", "a"}, length, chunks}), ErrorCode::malformed_request);
  EXPECT_EQ(refusal_of({{"Host", "a"}, chunks, length}), ErrorCode::malformed_request);
}

TEST(HeadRules, S03_TransferEncodingIsExactlyChunked) {
  for (std::string_view value :
       {"xchunked", "chunked, identity", "gzip, chunked", "\"chunked\"", ",chunked", "chunked,",
        "chunked;q=1", "identity", "", "chunked chunked", "\vchunked", "chunke", "gzip"}) {
    EXPECT_EQ(refusal_of({{"Host", "a"}, {"Transfer-Encoding", value}}),
              ErrorCode::malformed_request)
        << value;
  }
  const auto facts = facts_of({{"Host", "a"}, {"transfer-encoding", "Chunked"}});
  ASSERT_TRUE(facts);
  EXPECT_TRUE(facts->chunked);
  EXPECT_TRUE(facts->has_body());
}

TEST(HeadRules, S07_Http10KnowsNoChunks) {
  EXPECT_EQ(refusal_of({{"Transfer-Encoding", "chunked"}}, "/", verb::post, 0),
            ErrorCode::malformed_request);
}

TEST(HeadRules, S10_ALengthIsDigitsOnly) {
  for (std::string_view value :
       {"+5", "-5", "-1", "0x5", "5_0", "5 0", "5.0", "5e0", "abc", "", "5;", "\"5\"", "5, 5", "05",
        "00", "18446744073709551616", "18446744073709551621", "100000000000000000000000000",
        "\xef\xbc\x95"}) {
    EXPECT_EQ(read_content_length(value), std::nullopt) << value;
    EXPECT_EQ(refusal_of({{"Host", "a"}, {"Content-Length", value}}), ErrorCode::malformed_request)
        << value;
  }
  EXPECT_EQ(read_content_length("0"), 0U);
  EXPECT_EQ(read_content_length("9223372036854775808"), 9'223'372'036'854'775'808U);
}

TEST(HeadRules, H28_TheOnlyExpectationIsToContinue) {
  const Field body{"Content-Length", "5"};
  for (std::string_view value : {"200-ok", "y 100-continue", "", "100-continue, 100-continue"}) {
    EXPECT_EQ(refusal_of({{"Host", "a"}, body, {"Expect", value}}), ErrorCode::expectation_failed)
        << value;
  }
  EXPECT_EQ(refusal_of({{"Host", "a"}, {"Expect", "100-continue"}}), ErrorCode::expectation_failed);
  const auto facts = facts_of({{"Host", "a"}, body, {"Expect", "100-Continue"}});
  ASSERT_TRUE(facts);
  EXPECT_TRUE(facts->expects_continue);
  const auto old = facts_of({body, {"Expect", "100-continue"}}, "/", verb::post, 0);
  ASSERT_TRUE(old);
  EXPECT_FALSE(old->expects_continue);
}

TEST(HeadRules, J34_EncodedBodiesAreNotUnderstood) {
  for (std::string_view value : {"gzip", "br", "deflate", "zstd", "unknown", "gzip, gzip"}) {
    EXPECT_EQ(refusal_of({{"Host", "a"}, {"Content-Encoding", value}}),
              ErrorCode::unsupported_media_type)
        << value;
  }
  EXPECT_EQ(refusal_of({{"Host", "a"}, {"Content-Encoding", "identity"}}), kAccepted);
}

TEST(HeadRules, RawBytesOfAHeadAreLinesThatEndInCrlf) {
  EXPECT_EQ(raw_problem("GET / HTTP/1.1\r\nHost: a\r\n\r\n"), "");
  EXPECT_EQ(raw_problem("\r\nGET / HTTP/1.1\r\n\r\n"), "");
  for (std::string_view head :
       {"GET / HTTP/1.1\nHost: a\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\n\n",
        "GET / HTTP/1.1\r\nHost: a\r\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\rb\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\n b\r\n\r\n", "GET / HTTP/1.1\r\n\tHost: a\r\n\r\n"}) {
    EXPECT_NE(raw_problem(head), "") << testing::PrintToString(head);
  }
}

TEST(HeadRules, MessagesRepeatNothingOfWhatWasSent) {
  const std::string line = "GET /sec<ret HTTP/1.1\r\n";
  EXPECT_EQ(read_request_line(line).error().message.find("sec"), std::string::npos);
  EXPECT_EQ(facts_of({{"Host", "sec/ret"}}).error().message.find("sec"), std::string::npos);
}

}  // namespace
}  // namespace gateway::http

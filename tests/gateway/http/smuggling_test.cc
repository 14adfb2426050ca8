// Cases S: request smuggling, against a live listener. What hides in every body is a
// request whose answer would be a 200.
#include <set>

#include <fmt/format.h>
#include <simdjson.h>

#include "tests/gateway/http/case_verdicts.h"
#include "tests/support/suites.h"

namespace gateway::http {
namespace {

using std::chrono::milliseconds;
using test::Answer;
using test::RawClient;
using testing::ElementsAre;

using Smuggling = DoorCases;

const std::string kPoison = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n";
const std::string kPoisonedChunks = "0\r\n\r\n" + kPoison;

std::string length_field(std::size_t size) {
  return fmt::format("Content-Length: {}\r\n", size);
}

TEST_F(Smuggling, S01_LengthAndChunksTogether) {
  const std::string length = length_field(kPoisonedChunks.size());
  expect_refused(chat_with(length + "Transfer-Encoding: chunked\r\n", kPoisonedChunks), {400});
  expect_refused(chat_with("Transfer-Encoding: chunked\r\n" + length, kPoisonedChunks), {400});
  expect_refused(chat_with("Content-Length: 0\r\nTransfer-Encoding: chunked\r\n",
                           "2\r\n{}\r\n" + kPoisonedChunks),
                 {400});
}

const std::vector<std::string> kOtherEncodings = {"xchunked",
                                                  "chunkedx",
                                                  "chunked identity",
                                                  "identity chunked",
                                                  "chunked, identity",
                                                  "identity, chunked",
                                                  "gzip",
                                                  "gzip, chunked",
                                                  "chunked, gzip",
                                                  "\"chunked\"",
                                                  "'chunked'",
                                                  ",chunked",
                                                  "chunked,",
                                                  ", chunked",
                                                  "chunked, chunked",
                                                  "\vchunked",
                                                  "chunked\v",
                                                  "\fchunked",
                                                  std::string("chunked\0", 8),
                                                  std::string("\0chunked", 8),
                                                  "\xa0"
                                                  "chunked",
                                                  "chunked\xff",
                                                  "",
                                                  "chunked;q=1",
                                                  "chunked; x=y",
                                                  "c hunked",
                                                  "identity",
                                                  "\x01"
                                                  "chunked"};

TEST_F(Smuggling, S02_OtherEncodingsBesideALength) {
  ASSERT_EQ(kOtherEncodings.size(), 28U);
  for (const std::string& encoding : kOtherEncodings) {
    expect_refused(
        chat_with("Transfer-Encoding: " + encoding + "\r\n" + length_field(kPoisonedChunks.size()),
                  kPoisonedChunks),
        {400, 501});
  }
}

TEST_F(Smuggling, S03_OtherEncodingsAlone) {
  for (const std::string& encoding : kOtherEncodings) {
    expect_refused(
        chat_with("Transfer-Encoding: " + encoding + "\r\n", "2\r\n{}\r\n" + kPoisonedChunks),
        {400, 501});
  }
}

TEST_F(Smuggling, S04_TwoEncodings) {
  for (const auto& [first, second] :
       {std::pair{"chunked", "identity"}, {"identity", "chunked"}, {"chunked", "chunked"}}) {
    expect_refused(
        chat_with(fmt::format("Transfer-Encoding: {}\r\nTransfer-Encoding: {}\r\n", first, second),
                  kPoisonedChunks),
        {400});
  }
}

TEST_F(Smuggling, S05_HiddenEncodings) {
  const std::vector<std::string> fields = {"Transfer-Encoding : chunked",
                                           "Transfer-Encoding\t: chunked",
                                           std::string("Transfer-Encoding\0: chunked", 27),
                                           std::string("Transfer\0-Encoding: chunked", 27),
                                           "Transfer-Encoding\r: chunked",
                                           "Transfer-\rEncoding: chunked",
                                           " Transfer-Encoding: chunked",
                                           "Transfer Encoding: chunked",
                                           "X: y\r\n Transfer-Encoding: chunked",
                                           "Transfer-Encoding:\r\n chunked"};
  for (const std::string& field : fields) {
    expect_refused(
        chat_with(length_field(kPoisonedChunks.size()) + field + "\r\n", kPoisonedChunks), {400});
  }
}

TEST_F(Smuggling, S06_EncodingsBehindAnotherFieldsValue) {
  for (std::string_view field :
       {"X: y\nTransfer-Encoding: chunked", "X: y\rTransfer-Encoding: chunked",
        "X: y\r\n\tTransfer-Encoding: chunked", "X: y\n\rTransfer-Encoding: chunked"}) {
    expect_refused(chat_with(length_field(kPoisonedChunks.size()) + std::string(field) + "\r\n",
                             kPoisonedChunks),
                   {400});
  }
}

TEST_F(Smuggling, S07_ChunksInHttp10) {
  expect_refused(chat_with("Transfer-Encoding: chunked\r\n", kPoisonedChunks, "HTTP/1.0"),
                 {400, 505});
}

TEST_F(Smuggling, S08_UnderscoresAreAnotherName) {
  EXPECT_THAT(statuses(chat_with("Transfer_Encoding: chunked\r\nContent-Length: 2\r\n", "{}") +
                       last_get("/")),
              ElementsAre(200, 200));
}

TEST_F(Smuggling, S09_TwoLengths) {
  for (std::string_view fields :
       {"Content-Length: 2\r\nContent-Length: 5\r\n", "Content-Length: 2\r\nContent-Length: 2\r\n",
        "Content-Length: 2, 2\r\n", "Content-Length: 2, 5\r\n"}) {
    expect_refused(chat_with(fields, "{}" + kPoison), {400});
  }
}

TEST_F(Smuggling, S10_LengthsThatAreNone) {
  for (const std::string& length :
       {std::string("+2"), std::string("-2"), std::string("-1"), std::string("0x2"),
        std::string("2_0"), std::string("2 0"), std::string("2.0"), std::string("2e0"),
        std::string("abc"), std::string(""), std::string("2;"), std::string("2\0", 2),
        std::string("\xef\xbc\x92"), std::string("9223372036854775808"),
        std::string("18446744073709551616"), std::string("18446744073709551621"),
        std::string("100000000000000000000000000"), std::string("\"2\"")}) {
    expect_refused(chat_with("Content-Length: " + length + "\r\n", "{}" + kPoison), {400, 413});
  }
}

TEST_F(Smuggling, S11_LooseChunkLines) {
  for (std::string_view chunks :
       {"2\n{}\r\n0\r\n\r\n", "2;ext\n{}\r\n0\r\n\r\n", "2\r\n{}\n0\r\n\r\n", "2\rX{}\r\n0\r\n\r\n",
        "2;a\rb\r\n{}\r\n0\r\n\r\n", "2\r\n{} }\r\n0\r\n\r\n", "2\r\n{}0\r\n\r\n",
        "2\r\n{}\r\nxx0\r\n\r\n", "+2\r\n{}\r\n0\r\n\r\n", "-1\r\n{}\r\n0\r\n\r\n",
        "0x2\r\n{}\r\n0\r\n\r\n", " 2\r\n{}\r\n0\r\n\r\n", "2 \r\n{}\r\n0\r\n\r\n",
        "2_0\r\n{}\r\n0\r\n\r\n", "\r\n{}\r\n0\r\n\r\n", "g\r\n{}\r\n0\r\n\r\n"}) {
    expect_refused(chunked_chat(std::string(chunks) + kPoison), {400});
  }
}

TEST_F(Smuggling, S12_ChunkSizesThatAreNone) {
  for (const std::string& line :
       {std::string("ffffffffffffffff"), std::string("10000000000000002"),
        std::string("7fffffffffffffff"), std::string("2\0", 2), std::string("2;"),
        std::string("2;a=\"b"), std::string("2;a=\1"), std::string("2;\1")}) {
    expect_refused(chunked_chat(line + "\r\n{}\r\n0\r\n\r\n" + kPoison), {400, 413});
  }
}

TEST_F(Smuggling, S13_LooseTrailers) {
  for (std::string_view end :
       {"0\n\r\n", "0\r\n\n", "0\r\nNoColon\r\n\r\n", "0\r\nX : y\r\n\r\n", "0\r\n X: y\r\n\r\n",
        "0\r\nContent-Length: 5\r\n\r\n", "0\r\nTransfer-Encoding: chunked\r\n\r\n",
        "0\r\nHost: evil\r\n\r\n", "0\r\nX: y\n\r\n"}) {
    expect_refused(chunked_chat("2\r\n{}\r\n" + std::string(end) + kPoison), {400});
  }
  EXPECT_THAT(statuses(chunked_chat("2\r\n{}\r\n0\r\nX-Sum: 1\r\n\r\n") + last_get("/")),
              ElementsAre(200, 200));
}

TEST_F(Smuggling, S14_FramingWithoutEnd) {
  expect_refused(chunked_chat("2;a=" + std::string(1 << 20, 'b')), {400, 413, 431});
  std::string trailers = "0\r\n";
  while (trailers.size() < 1 << 20) trailers += "X-Trailer: and so on and on\r\n";
  expect_refused(chunked_chat(trailers), {400, 413, 431});
  std::string chunks = "1\r\n{\r\n";
  for (int i = 0; i < 200'000; ++i) chunks += "1\r\n \r\n";
  RawClient client(door_.port());
  ASSERT_TRUE(client.send(chunked_chat(chunks + "1\r\n}\r\n0\r\n\r\n")));
  const auto answer = client.receive(milliseconds(20'000));
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 200U);
  EXPECT_EQ(answer->body.size(), 200'002U);
}

TEST_F(Smuggling, S15_AuthorizationInATrailer) {
  RawClient client(door_.port());
  ASSERT_TRUE(
      client.send("POST /v1/chat/completions HTTP/1.1\r\nHost: a\r\n"
                  "Transfer-Encoding: chunked\r\n\r\n"
                  "2\r\n{}\r\n0\r\nAuthorization: Bearer key\r\n\r\n"));
  const auto answer = client.receive();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 401U);
  EXPECT_TRUE(door_.served().empty());
}

// The request in the body of a refused one is never run: the only other answer there may
// be is to what follows that body, which is a 404.
TEST_F(Smuggling, S16_TheBodiesOfRefusedRequestsAreNeverRun) {
  const std::string body = kPoison + chat_request();
  const std::string next = last_get("/behind-the-body");
  const std::string length = length_field(body.size());
  const std::string chunk = fmt::format("{:x}\r\n{}\r\n0\r\n\r\n", body.size(), body);
  const std::vector<std::pair<std::string, unsigned>> heads = {
      {"POST /v1/chat/completions HTTP/1.1\r\nHost: a\r\n", 401},
      {"POST /nowhere HTTP/1.1\r\nHost: a\r\n", 404},
      {"POST /v1/models HTTP/1.1\r\nHost: a\r\n", 405},
      {"POST /v1/chat/completions HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer key\r\n"
       "Content-Type: text/plain\r\n",
       415},
      {"POST /v1/chat/completions HTTP/1.1\r\nHost: a\r\nExpect: cake\r\n", 417},
      {"GET /v1/models HTTP/1.1\r\nHost: a\r\n", 200},
      {"DELETE /v1/models HTTP/1.1\r\nHost: a\r\n", 405},
      {"OPTIONS /v1/models HTTP/1.1\r\nHost: a\r\n", 204},
  };
  for (const auto& [head, status] : heads) {
    for (const std::string& framed :
         {length + "\r\n" + body, "Transfer-Encoding: chunked\r\n\r\n" + chunk}) {
      SCOPED_TRACE(head);
      const auto answers = door_.exchange(head + framed + next);
      ASSERT_FALSE(answers.empty());
      EXPECT_EQ(answers[0].status, status);
      EXPECT_LE(answers.size(), 2U);
      if (answers.size() == 2) {
        EXPECT_EQ(answers[1].status, 404U);
      }
    }
  }
  RawClient head(door_.port());
  ASSERT_TRUE(head.send("HEAD /v1/models HTTP/1.1\r\nHost: a\r\n" + length + "\r\n" + body + next));
  EXPECT_EQ(head.receive(test::kSoon, true).value_or(Answer{}).status, 200U);
  EXPECT_EQ(head.receive().value_or(Answer{}).status, 404U);
  EXPECT_TRUE(door_.served().empty());
  expect_well();
}

TEST_F(Smuggling, S17_AnAnnouncedFloodIsRefusedAtOnce) {
  expect_refused(chat_with(length_field(10UL << 30), ""), {413});
  expect_refused(chat_with(length_field(10UL << 30) + "Expect: 100-continue\r\n", ""), {413});
}

TEST_F(Smuggling, S18_AnEndlessChunkedBodyIsCut) {
  config::Server limits;
  limits.max_body_bytes = 1 << 20;
  LiveDoor small(limits);
  RawClient client(small.port());
  ASSERT_TRUE(client.send(chunked_chat("")));
  const std::string chunk = "1000\r\n" + std::string(0x1000, ' ') + "\r\n";
  std::size_t sent = 0;
  while (sent < 64U << 20 && client.send(chunk)) sent += chunk.size();
  EXPECT_LT(sent, 16U << 20);
  const auto answer = client.receive();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 413U);
  EXPECT_TRUE(small.served().empty());
}

TEST_F(Smuggling, S19_GarbageBehindAGoodRequest) {
  EXPECT_THAT(statuses(chat_request() + "\x01garbage\r\n\r\n" + kPoison), ElementsAre(200, 400));
  EXPECT_THAT(statuses(chat_with(length_field(5), R"({"model":"m"})") + "\r\n\r\n" + kPoison),
              ElementsAre(400, 400));
}

TEST_F(Smuggling, S20_ConnectionNamesNoFieldAway) {
  EXPECT_THAT(statuses(chat_with("Connection: Authorization, Content-Length, Host\r\n"
                                 "Content-Length: 2\r\n",
                                 "{}") +
                       last_get("/")),
              ElementsAre(200, 200));
  EXPECT_THAT(statuses("POST /v1/chat/completions HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n"
                       "Connection: Authorization\r\nX-Authorization: Bearer key\r\n\r\n{}" +
                       last_get("/")),
              ElementsAre(401, 200));
}

TEST_F(Smuggling, S21_FieldsThatWouldOverrideAreIgnored) {
  for (std::string_view field :
       {"X-HTTP-Method-Override: POST", "X-Original-URL: /v1/chat/completions",
        "X-Rewrite-URL: /v1/chat/completions", "X-Forwarded-For: 127.0.0.1",
        "X-Forwarded-Host: localhost", "Forwarded: for=127.0.0.1"}) {
    EXPECT_THAT(
        statuses("GET /v1/models HTTP/1.1\r\nHost: a\r\n" + std::string(field) + "\r\n\r\n" +
                 "POST /v1/chat/completions HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n" +
                 std::string(field) + "\r\n\r\n{}" + last_get("/")),
        ElementsAre(200, 401, 200));
  }
}

TEST_F(Smuggling, S22_APipelineOfBothFramings) {
  const auto answers =
      door_.exchange(chat_request(R"({"n":1})") + chunked_chat("7\r\n{\"n\":2}\r\n0\r\n\r\n") +
                     chat_request(R"({"n":3})") +
                     chunked_chat("3\r\n{\"n\r\n4\r\n\":4}\r\n0\r\n\r\n") + last_get("/"));
  ASSERT_EQ(answers.size(), 5U);
  for (std::size_t i = 0; i < 4; ++i)
    EXPECT_EQ(answers[i].body, fmt::format(R"({{"n":{}}})", i + 1));
  EXPECT_EQ(answers[4].body, "nothing");
}

TEST_F(Smuggling, S23_GadgetsNeverBringASecondAnswer) {
  const auto folder = support::suite("smuggler");
  TOLLGATE_NEEDS_SUITE(folder);
  const auto text = support::file_bytes(folder / "gadgets.json");
  simdjson::dom::parser parser;
  simdjson::dom::element document;
  ASSERT_EQ(parser.parse(text).get(document), simdjson::SUCCESS);
  std::set<std::string> gadgets;
  for (const auto [group, members] : document["gadgets"].get_object()) {
    for (const auto [name, value] : members.get_object()) {
      // The file is latin-1 in UTF-8.
      std::string bytes;
      const std::string_view utf8 = value.get_string();
      for (std::size_t i = 0; i < utf8.size(); ++i) {
        const auto byte = static_cast<unsigned char>(utf8[i]);
        bytes.push_back(byte < 0x80 ? utf8[i]
                                    : static_cast<char>((byte & 3) << 6 | (utf8[++i] & 0x3f)));
      }
      gadgets.insert(bytes);
    }
  }
  EXPECT_EQ(gadgets.size(), 1703U);
  const std::string body = kPoisonedChunks;
  for (const std::string& gadget : gadgets) {
    for (const bool length_first : {true, false}) {
      const std::string length = length_field(body.size());
      const std::string fields = length_first ? length + gadget + "\r\n" : gadget + "\r\n" + length;
      const auto answers = door_.exchange(chat_with(fields, body) + last_get("/behind-the-body"));
      ASSERT_FALSE(answers.empty()) << testing::PrintToString(gadget);
      // By the length the body is no JSON: 400; what follows is a 404. By chunks, a 200.
      for (const Answer& answer : answers) {
        EXPECT_NE(answer.status, 200U) << testing::PrintToString(gadget);
      }
    }
  }
  expect_well();
}

}  // namespace
}  // namespace gateway::http

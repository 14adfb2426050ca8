// Cases H: HTTP/1 conformance, against a live listener.
#include <random>
#include <sys/socket.h>

#include "tests/gateway/http/case_verdicts.h"

namespace gateway::http {
namespace {

using std::chrono::milliseconds;
using test::RawClient;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

using Conformance = DoorCases;

std::string get_with(std::string_view field_lines) {
  return "GET / HTTP/1.1\r\nHost: localhost\r\n" + std::string(field_lines) + "\r\n";
}

TEST_F(Conformance, H01_NoHost) {
  expect_refused("GET / HTTP/1.1\r\n\r\n", {400});
}

TEST_F(Conformance, H02_TwoHosts) {
  expect_refused("GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", {400});
  expect_refused("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", {400});
}

TEST_F(Conformance, H03_HostsThatAreNone) {
  for (std::string_view host : {"a b", "a/b", "a?b", "a#@b", "user@host", "a\\b", "a,b", "h:80:80",
                                "h:x", "[::1", "<x>", ""}) {
    expect_refused("GET / HTTP/1.1\r\nHost: " + std::string(host) + "\r\n\r\n", {400});
  }
}

TEST_F(Conformance, H04_MethodsThatAreNone) {
  expect_refused("PO(T / HTTP/1.1\r\nHost: a\r\n\r\n", {400});
  expect_refused("post / HTTP/1.1\r\nHost: a\r\n\r\n", {400, 405, 501});
  RawClient client(door_.port());
  ASSERT_TRUE(client.send("BREW / HTTP/1.1\r\nHost: a\r\n\r\n"));
  const auto answer = client.receive();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 405U);
  EXPECT_EQ(answer->find("allow"), "GET, HEAD, POST, OPTIONS");
}

TEST_F(Conformance, H05_VersionsThatAreNone) {
  for (std::string_view version :
       {"HTTP/9.9", "HTTP/2.0", "HTTP/1.1x", "http/1.1", "HTTP/1.", "HTTP/11", "HTTP/1.1.1",
        "HTTP/01.1", "HTTQ/1.1", "HTTP/-1.1", "HTTP/1.10"}) {
    expect_refused("GET / " + std::string(version) + "\r\nHost: a\r\n\r\n", {400, 505});
  }
}

TEST_F(Conformance, H06_Http12) {
  expect_refused("GET / HTTP/1.2\r\nHost: a\r\n\r\n", {400, 505});
}

TEST_F(Conformance, H07_Http09) {
  expect_refused("GET /v1/models\r\n", {400, 505});
  expect_refused("GET /v1/models\r\n\r\n", {400, 505});
}

TEST_F(Conformance, H08_SpacesInTheRequestLine) {
  for (std::string_view line : {"GET  / HTTP/1.1", "GET /  HTTP/1.1", "GET\t/ HTTP/1.1",
                                "GET / HTTP/1.1 ", "GET / x HTTP/1.1", "GET /\tHTTP/1.1"}) {
    expect_refused(std::string(line) + "\r\nHost: a\r\n\r\n", {400});
  }
}

TEST_F(Conformance, H09_AMethodAlone) {
  expect_refused("POST\r\n\r\n", {400});
  expect_refused("POST\r\nHost: a\r\n\r\n", {400});
}

TEST_F(Conformance, H10_FoldedFields) {
  expect_refused(get_with("X: a\r\n b\r\n"), {400});
  expect_refused(get_with("X: a\r\n\tb\r\n"), {400});
  expect_refused(get_with("Authorization: Bearer\r\n key\r\n"), {400});
  expect_refused("GET / HTTP/1.1\r\n Host: a\r\n\r\n", {400});
}

TEST_F(Conformance, H11_FieldsWithoutAName) {
  for (std::string_view field : {"X-Sp : a", "X\t: a", ": a", "JustText"}) {
    expect_refused(get_with(std::string(field) + "\r\n"), {400});
  }
}

TEST_F(Conformance, H12_FieldNamesThatAreNoTokens) {
  for (char c : std::string_view("([{\"@/,;=\\\0\a\x7f\xe9 ", 15)) {
    expect_refused(get_with(std::string("X") + c + "Y: a\r\n"), {400});
  }
}

TEST_F(Conformance, H13_ControlBytesInValues) {
  for (char c : std::string_view("\0\1\a\v\x1b\x7f\r", 7)) {
    expect_refused(get_with(std::string("X: a") + c + "b\r\n"), {400});
  }
}

TEST_F(Conformance, H14_EightBitValuesAreTaken) {
  for (char c : std::string_view("\x80\xa0\xff")) {
    EXPECT_THAT(statuses("GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nX: a" +
                         std::string(1, c) + "\r\n\r\n"),
                ElementsAre(200));
  }
}

TEST_F(Conformance, H15_LineEndsThatAreNotCrlf) {
  expect_refused("GET / HTTP/1.1\nHost: a\n\n", {400});
  expect_refused("GET / HTTP/1.1\r\nHost: a\nX: y\r\n\r\n", {400});
  expect_refused("GET / HTTP/1.1\r\nHost: a\r\n\n", {400});
  expect_refused("GET / HTTP/1.1\r\nHost: a\r\r\n\r\n", {400});
  expect_refused("GET / HTTP/1.1\rHost: a\r\n\r\n", {400});
}

TEST_F(Conformance, H16_LongTargets) {
  for (std::size_t size : {12UL << 10, 70UL << 10, 1UL << 20}) {
    expect_refused(get("/" + std::string(size, 'a')), {400, 414});
  }
}

TEST_F(Conformance, H17_LongFields) {
  expect_refused(get_with("X: " + std::string(70 << 10, 'a') + "\r\n"), {431});
  expect_refused(get_with("X: " + std::string(1 << 20, 'a') + "\r\n"), {431});
  expect_refused(get_with(std::string(70 << 10, 'a') + ": b\r\n"), {431});
}

TEST_F(Conformance, H18_ManyFields) {
  const auto many = [](int count, std::string_view field) {
    std::string fields;
    for (int i = 0; i < count; ++i) fields += field;
    return get_with(fields);
  };
  expect_refused(many(2'000, "A: b\r\n"), {431});
  expect_refused(many(20'000, "X: " + std::string(95, 'a') + "\r\n"), {431});
  RawClient endless(door_.port());
  ASSERT_TRUE(endless.send("GET / HTTP/1.1\r\nHost: a\r\n"));
  std::string fields;
  for (int i = 0; i < 1000; ++i) fields += "X-Header: and so on and on\r\n";
  std::size_t sent = 0;
  while (sent < (64U << 20) && endless.send(fields)) sent += fields.size();
  EXPECT_LT(sent, 16U << 20);  // what we read, and what two kernels buffer
  expect_well();
}

TEST_F(Conformance, H19_OtherProtocols) {
  const std::string_view hello("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11);
  expect_refused(hello, {400});
  expect_refused("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", {400});
  expect_refused(std::string(100, '\0'), {400});
  std::mt19937 random(19);
  for (int i = 0; i < 50; ++i) {
    std::string noise(1 + random() % 200, 0);
    for (char& c : noise) c = static_cast<char>(random());
    noise[0] = static_cast<char>(noise[0] | 0x80);  // no token, whatever else it is
    expect_refused(noise, {400});
  }
}

TEST_F(Conformance, H20_ConnectAndTrace) {
  expect_refused("CONNECT example.com:443 HTTP/1.1\r\nHost: example.com:443\r\n\r\n",
                 {400, 405, 501});
  RawClient client(door_.port());
  ASSERT_TRUE(client.send("TRACE / HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer key\r\n\r\n"));
  const auto answer = client.receive();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 405U);
  EXPECT_THAT(answer->body, Not(HasSubstr("key")));
  EXPECT_TRUE(client.closed());
}

TEST_F(Conformance, H21_UpgradesMeanNothing) {
  for (std::string_view protocol : {"websocket", "h2c", "foo"}) {
    EXPECT_THAT(statuses(get("/", "Connection: Upgrade\r\nUpgrade: " + std::string(protocol) +
                                      "\r\nSec-WebSocket-Version: 13\r\n") +
                         chat_request() + last_get("/")),
                ElementsAre(200, 200, 200));
  }
}

TEST_F(Conformance, H22_TargetsOfOtherForms) {
  expect_refused("POST * HTTP/1.1\r\nHost: a\r\n\r\n", {400});
  expect_refused("GET example.com:80 HTTP/1.1\r\nHost: example.com:80\r\n\r\n", {400});
  expect_refused("GET v1/models HTTP/1.1\r\nHost: a\r\n\r\n", {400});
  RawClient client(door_.port());
  ASSERT_TRUE(client.send("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n"));
  const auto answer = client.receive();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 200U);
  EXPECT_EQ(answer->find("allow"), "GET, HEAD, POST, OPTIONS");
}

TEST_F(Conformance, H23_BytesThatDoNotBelongInATarget) {
  expect_refused("GET /caf\xc3\xa9 HTTP/1.1\r\nHost: a\r\n\r\n", {400});
  expect_refused(std::string_view("GET /\0x HTTP/1.1\r\nHost: a\r\n\r\n", 30), {400});
  expect_refused("GET /#x HTTP/1.1\r\nHost: a\r\n\r\n", {400});
  RawClient client(door_.port());
  ASSERT_TRUE(client.send(get("/%00%0d%0aSet-Cookie:%20a=b")));
  const auto answer = client.receive();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 404U);
  EXPECT_FALSE(answer->has("set-cookie"));
}

TEST_F(Conformance, H24_AbsoluteForm) {
  const auto request = [](std::string_view authority) {
    return "GET http://" + std::string(authority) +
           "/ HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
  };
  EXPECT_THAT(statuses(request("localhost")), ElementsAre(200));
  expect_refused(request("example.com"), {400});
  expect_refused(request("user@localhost"), {400});
}

TEST_F(Conformance, H25_AHeadCutAnywhere) {
  const std::string request = chat_request();
  const std::size_t head_end = request.find("\r\n\r\n") + 4;
  RawClient client(door_.port());
  for (std::size_t cut = head_end - 12; cut < head_end + 4; ++cut) {
    ASSERT_TRUE(client.send(request.substr(0, cut)));
    ASSERT_TRUE(client.quiet_for(milliseconds(2)));
    ASSERT_TRUE(client.send(request.substr(cut)));
    const auto answer = client.receive();
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->status, 200U) << cut;
  }
  for (char byte : request) ASSERT_TRUE(client.send({&byte, 1}));
  const auto answer = client.receive();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 200U);
}

TEST_F(Conformance, H26_Chunks) {
  const std::string body = "{" + std::string(9'000, ' ') + "}";
  for (std::size_t size : {1UL, 7UL, 4096UL}) {
    std::string chunks;
    for (std::size_t at = 0; at < body.size(); at += size) {
      const std::string piece = body.substr(at, size);
      chunks += fmt::format("{:X}\r\n{}\r\n", piece.size(), piece);
    }
    RawClient client(door_.port());
    ASSERT_TRUE(client.send(chunked_chat(chunks + "0\r\n\r\n")));
    const auto answer = client.receive();
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->status, 200U);
    EXPECT_EQ(answer->body, body);
  }
  EXPECT_THAT(statuses(chunked_chat("0002\r\n{}\r\n000\r\n\r\n") +
                       chunked_chat("2;a=b\r\n{}\r\n0;e\r\n\r\n") +
                       chunked_chat("2;a;b;c=\"d\"\r\n{}\r\n0\r\n\r\n") + last_get("/")),
              ElementsAre(200, 200, 200, 200));
  // llhttp 8.1 takes nothing behind an unquoted value.
  expect_refused(chunked_chat("2;a=b;c=\"d\"\r\n{}\r\n0\r\n\r\n"), {400});
}

TEST_F(Conformance, H27_ExpectContinue) {
  const std::string head = chat_with("Content-Length: 2\r\nExpect: 100-continue\r\n", "");
  RawClient waits(door_.port());
  ASSERT_TRUE(waits.send(head));
  const auto go_on = waits.receive(milliseconds(1'000));
  ASSERT_TRUE(go_on);
  EXPECT_EQ(go_on->status, 100U);
  ASSERT_TRUE(waits.send("{}"));
  const auto answer = waits.receive();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 200U);
  EXPECT_TRUE(waits.quiet_for(milliseconds(10)));

  RawClient hurries(door_.port());
  ASSERT_TRUE(hurries.send(head + "{}"));
  const auto at_once = hurries.receive();
  ASSERT_TRUE(at_once);
  EXPECT_EQ(at_once->status, 200U);

  RawClient chunks(door_.port());
  ASSERT_TRUE(chunks.send(chat_with("Transfer-Encoding: chunked\r\nExpect: 100-continue\r\n", "")));
  ASSERT_EQ(chunks.receive(milliseconds(1'000)).value_or(test::Answer{}).status, 100U);
  ASSERT_TRUE(chunks.send("2\r\n{}\r\n0\r\n\r\n"));
  EXPECT_EQ(chunks.receive().value_or(test::Answer{}).status, 200U);
}

TEST_F(Conformance, H28_ExpectationsNobodyUnderstands) {
  expect_refused(chat_with("Content-Length: 2\r\nExpect: 200-ok\r\n", "{}"), {400, 417});
  expect_refused(chat_with("Content-Length: 2\r\nExpect: y 100-continue\r\n", "{}"), {400, 417});
  expect_refused(get("/", "Expect: 100-continue\r\n"), {400, 417});
}

TEST_F(Conformance, H29_Http10) {
  const auto whole = door_.exchange(chat_with("Content-Length: 2\r\n", "{}", "HTTP/1.0"));
  ASSERT_EQ(whole.size(), 1U);
  EXPECT_EQ(whole[0].status, 200U);
  EXPECT_EQ(whole[0].body, "{}");
  EXPECT_EQ(whole[0].find("connection"), "close");
  const auto stream = door_.exchange("GET /stream HTTP/1.0\r\n\r\n");
  ASSERT_EQ(stream.size(), 1U);
  EXPECT_FALSE(stream[0].chunked);
  EXPECT_FALSE(stream[0].has("transfer-encoding"));
  EXPECT_THAT(stream[0].body, testing::EndsWith("data: [DONE]\n\n"));
  EXPECT_THAT(statuses("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET / HTTP/1.0\r\n\r\n"),
              ElementsAre(200, 200));
}

TEST_F(Conformance, H30_KeepAliveCloseAndPipelines) {
  const auto closed = door_.exchange(last_get("/") + last_get("/"));
  ASSERT_EQ(closed.size(), 1U);
  EXPECT_EQ(closed[0].find("connection"), "close");
  EXPECT_THAT(statuses(get("/") + last_get("/")), ElementsAre(200, 200));
  EXPECT_THAT(statuses(chat_request() + chat_request("no json") + chat_request() + last_get("/")),
              ElementsAre(200, 400, 200, 200));
}

TEST_F(Conformance, H31_OddButLawfulFields) {
  EXPECT_THAT(statuses("POST /v1/chat/completions HTTP/1.1\r\nhOST:localhost\r\n"
                       "AUTHORIZATION:\tBearer key\t \r\nX-Empty:\r\nX-Blank:  \r\n"
                       "content-LENGTH:2\r\nConnection: CLOSE\r\n\r\n{}"),
              ElementsAre(200));
}

TEST_F(Conformance, H32_HeadAndOptions) {
  RawClient client(door_.port());
  ASSERT_TRUE(client.send("HEAD /v1/models HTTP/1.1\r\nHost: a\r\n\r\n"));
  const auto head = client.receive(test::kSoon, true);
  ASSERT_TRUE(head);
  EXPECT_EQ(head->status, 200U);
  EXPECT_EQ(head->find("content-length"), "10");
  EXPECT_TRUE(client.quiet_for(milliseconds(10)));
  ASSERT_TRUE(client.send("OPTIONS /v1/models HTTP/1.1\r\nHost: a\r\nOrigin: http://evil\r\n\r\n"));
  const auto options = client.receive();
  ASSERT_TRUE(options);
  EXPECT_EQ(options->status, 204U);
  EXPECT_EQ(options->find("allow"), "GET, HEAD, OPTIONS");
  EXPECT_FALSE(options->has("content-length"));
  EXPECT_FALSE(options->has("access-control-allow-origin"));
  EXPECT_FALSE(options->has("access-control-allow-credentials"));
  EXPECT_TRUE(client.quiet_for(milliseconds(10)));
}

TEST_F(Conformance, H33_AHalfClosedClientIsAnswered) {
  RawClient client(door_.port());
  ASSERT_TRUE(client.send(chat_request()));
  client.shutdown_send();
  const auto answer = client.receive();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 200U);
  EXPECT_TRUE(client.closed());
}

TEST_F(Conformance, H34_NoBodyAndEmptyLines) {
  EXPECT_THAT(statuses(chat_with("", "") + last_get("/")), ElementsAre(400, 200));
  std::string lines;
  for (int i = 0; i < 10'000; ++i) lines += "\r\n";
  expect_refused(lines + get("/"), {400}, true);
}

TEST_F(Conformance, H35_UnknownPathsAndWrongMethods) {
  RawClient client(door_.port());
  ASSERT_TRUE(client.send(get("/v1/nothing") + get("/v1/chat/completions") +
                          "DELETE /v1/models HTTP/1.1\r\nHost: a\r\n\r\n"));
  const auto unknown = client.receive();
  ASSERT_TRUE(unknown);
  EXPECT_EQ(unknown->status, 404U);
  EXPECT_THAT(unknown->body, HasSubstr(R"("code":"not_found")"));
  const auto get_on_post = client.receive();
  ASSERT_TRUE(get_on_post);
  EXPECT_EQ(get_on_post->status, 405U);
  EXPECT_EQ(get_on_post->find("allow"), "POST, OPTIONS");
  EXPECT_THAT(get_on_post->body, HasSubstr(R"("code":"method_not_allowed")"));
  const auto delete_on_get = client.receive();
  ASSERT_TRUE(delete_on_get);
  EXPECT_EQ(delete_on_get->status, 405U);
  EXPECT_EQ(delete_on_get->find("allow"), "GET, HEAD, OPTIONS");
}

TEST_F(Conformance, X08_ErrorsAreNeverHtml) {
  for (const std::string& request :
       {get("/<b>"), get("/nothing"), std::string("?\r\n\r\n"), chat_with("", "", "HTTP/3")}) {
    RawClient client(door_.port());
    ASSERT_TRUE(client.send(request));
    const auto answer = client.receive();
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->find("content-type"), "application/json");
    EXPECT_EQ(answer->find("x-content-type-options"), "nosniff");
  }
}

TEST_F(Conformance, A01_WithoutAKeyTheBodyIsNotParsed) {
  RawClient client(door_.port());
  ASSERT_TRUE(
      client.send("POST /v1/chat/completions HTTP/1.1\r\nHost: a\r\n"
                  "Content-Length: 3\r\n\r\n{[x"));
  const auto answer = client.receive();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 401U);
  EXPECT_EQ(answer->find("www-authenticate"), "Bearer");
  EXPECT_TRUE(door_.served().empty());
}

TEST_F(Conformance, A04_TwoAuthorizationFields) {
  for (std::string_view other : {"Bearer key", "Bearer wrong"}) {
    expect_refused(
        chat_with("Authorization: " + std::string(other) + "\r\nContent-Length: 2\r\n", "{}"),
        {400});
  }
}

}  // namespace
}  // namespace gateway::http

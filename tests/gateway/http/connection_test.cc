#include "gateway/http/connection.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/gateway/http/live_door.h"

namespace gateway::http {
namespace {

using config::ErrorCode;
using std::chrono::milliseconds;
using test::Answer;
using test::RawClient;
using testing::ElementsAre;
using testing::HasSubstr;

std::string get(std::string_view path) {
  return "GET " + std::string(path) + " HTTP/1.1\r\nHost: localhost\r\n\r\n";
}

TEST(Connection, AnswersARequestAndStaysOpen) {
  LiveDoor door;
  RawClient client(door.port());
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(client.send(chat_request(R"({"model":"m"})")));
    const auto answer = client.receive();
    ASSERT_TRUE(answer && answer->whole);
    EXPECT_EQ(answer->status, 200U);
    EXPECT_EQ(answer->body, R"({"model":"m"})");
    EXPECT_EQ(answer->find("content-length"), "13");
    EXPECT_FALSE(answer->has("connection"));
  }
  EXPECT_TRUE(client.quiet_for(milliseconds(20)));
}

TEST(Connection, EveryAnswerBearsIdDateAndNosniff) {
  LiveDoor door;
  for (const std::string& request : {get("/"), get("/nowhere"), std::string("BAD\r\n\r\n")}) {
    RawClient client(door.port());
    ASSERT_TRUE(client.send(request));
    const auto answer = client.receive();
    ASSERT_TRUE(answer);
    EXPECT_THAT(answer->find("x-request-id"), testing::MatchesRegex("[0-9a-f]{32}"));
    EXPECT_THAT(answer->find("date"), testing::ContainsRegex("^[A-Z][a-z][a-z], [0-9]+ .* GMT$"));
    EXPECT_EQ(answer->find("x-content-type-options"), "nosniff");
  }
}

TEST(Connection, IdsDiffer) {
  LiveDoor door;
  const auto answers = door.exchange(get("/") + get("/") + "GET / HTTP/1.0\r\n\r\n");
  ASSERT_EQ(answers.size(), 3U);
  EXPECT_NE(answers[0].find("x-request-id"), answers[1].find("x-request-id"));
}

TEST(Connection, ErrorsAreTheOpenAiObject) {
  LiveDoor door;
  RawClient client(door.port());
  ASSERT_TRUE(client.send(get("/busy")));
  const auto answer = client.receive();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 429U);
  EXPECT_EQ(answer->find("content-type"), "application/json");
  EXPECT_EQ(answer->find("retry-after"), "2");
  EXPECT_EQ(answer->find("retry-after-ms"), "1500");
  EXPECT_EQ(answer->find("x-should-retry"), "false");
  EXPECT_EQ(answer->body, R"({"error":{"message":"Spent \"all\".","type":"insufficient_quota",)"
                          R"("param":"model","code":"insufficient_quota"}})");
}

TEST(Connection, AFieldThatCouldBreakTheHeadIsLeftOut) {
  LiveDoor door;
  RawClient client(door.port());
  ASSERT_TRUE(client.send(get("/headers")));
  const auto answer = client.receive();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->find("x-good"), "fine");
  EXPECT_FALSE(answer->has("x-evil"));
  EXPECT_FALSE(answer->has("set-cookie"));
}

TEST(Connection, StreamsAreChunkedAndEndInOrder) {
  LiveDoor door;
  RawClient client(door.port());
  ASSERT_TRUE(client.send(get("/stream") + get("/")));
  const auto stream = client.receive();
  ASSERT_TRUE(stream && stream->whole);
  EXPECT_TRUE(stream->chunked);
  EXPECT_EQ(stream->find("content-type"), "text/event-stream");
  EXPECT_EQ(stream->find("cache-control"), "no-cache");
  EXPECT_EQ(stream->find("x-accel-buffering"), "no");
  EXPECT_EQ(stream->body, "data: 0\n\ndata: 1\n\ndata: 2\n\ndata: [DONE]\n\n");
  const auto next = client.receive();
  ASSERT_TRUE(next);
  EXPECT_EQ(next->body, "nothing");
}

TEST(Connection, AStreamThatBreaksOffIsNotWhole) {
  LiveDoor door;
  RawClient client(door.port());
  ASSERT_TRUE(client.send(get("/cut-stream")));
  const auto stream = client.receive();
  ASSERT_TRUE(stream);
  EXPECT_EQ(stream->body, "data: 1\n\n");
  EXPECT_FALSE(stream->whole);
  EXPECT_TRUE(client.closed());
}

TEST(Connection, AStreamThatBreaksOffIsResetWhereTheEndOfTheConnectionIsItsEnd) {
  LiveDoor door;
  RawClient client(door.port());
  ASSERT_TRUE(client.send("GET /cut-stream HTTP/1.0\r\n\r\n"));
  ASSERT_TRUE(door.open_connections_become(0));
  const std::string bytes = client.receive_raw(1 << 20);
  char byte = 0;
  EXPECT_TRUE(bytes.empty() || ::recv(client.native_handle(), &byte, 1, 0) <= 0);
}

TEST(Connection, ABugInAHandlerIsA500AndIsTold) {
  LiveDoor door;
  RawClient client(door.port());
  ASSERT_TRUE(client.send(get("/throw") + get("/silent") + get("/")));
  for (unsigned status : {500U, 500U, 200U}) {
    const auto answer = client.receive();
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->status, status);
    EXPECT_THAT(answer->body, testing::Not(HasSubstr("a bug")));
  }
  EXPECT_THAT(door.exceptions(), ElementsAre("a bug"));
}

TEST(Connection, ABodyLargerThanTheHeadsBufferArrivesWhole) {
  LiveDoor door;
  const std::string body = "{" + std::string(3'000'000, ' ') + "}";
  RawClient client(door.port());
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(client.send(chat_request(body)));
    const auto answer = client.receive();
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->status, 200U);
    EXPECT_EQ(answer->body, body);
  }
}

TEST(Connection, AnyTwoWritesGiveTheSameAnswers) {
  LiveDoor door;
  const std::string requests =
      chat_request(R"({"a":1})") +
      "POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
      "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n" +
      "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
  for (std::size_t cut = 1; cut < requests.size(); cut += 3) {
    RawClient client(door.port());
    ASSERT_TRUE(client.send(requests.substr(0, cut)));
    client.quiet_for(milliseconds(1));  // two segments, not one
    ASSERT_TRUE(client.send(requests.substr(cut)));
    const auto answers = client.receive_all();
    ASSERT_EQ(answers.size(), 3U) << cut;
    EXPECT_EQ(answers[0].body, R"({"a":1})") << cut;
    EXPECT_EQ(answers[1].body, "abcde") << cut;
    EXPECT_EQ(answers[2].body, "nothing") << cut;
  }
}

TEST(Connection, ARefusedRequestsShortBodyIsDroppedAndTheConnectionLives) {
  LiveDoor door;
  for (std::size_t size : {5UL, 40'000UL}) {
    RawClient client(door.port());
    const std::string refused =
        "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: " +
        std::to_string(size) + "\r\n\r\n" + std::string(size, 'x');
    ASSERT_TRUE(client.send(refused + chat_request()));
    const auto first = client.receive();
    ASSERT_TRUE(first);
    EXPECT_EQ(first->status, 401U);
    const auto second = client.receive();
    ASSERT_TRUE(second);
    EXPECT_EQ(second->status, 200U);
  }
}

TEST(Connection, TheGateRefusesBeforeTheBodyIsSent) {
  LiveDoor door;
  RawClient client(door.port());
  ASSERT_TRUE(client.send(
      "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\n{"));
  const auto answer = client.receive();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 401U);
  EXPECT_EQ(answer->find("www-authenticate"), "Bearer");
  EXPECT_EQ(answer->find("connection"), "close");
  EXPECT_TRUE(door.served().empty());
  EXPECT_THAT(door.refused(), ElementsAre(ErrorCode::invalid_key));
  client.shutdown_send();
  EXPECT_TRUE(client.closed());
}

TEST(Connection, TheClientReadsTheRefusalOfABodyItIsStillSending) {
  config::Server limits;
  limits.max_body_bytes = 1000;
  LiveDoor door(limits);
  for (int i = 0; i < 20; ++i) {
    RawClient client(door.port());
    client.send(chat_request(std::string(2'000'000, ' ')));
    const auto answer = client.receive();
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->status, 413U);
    EXPECT_NE(answer->body.find("larger than the 1000 bytes"), std::string::npos) << answer->body;
  }
}

TEST(Connection, AClientThatLeavesIsNoticedWhileItsAnswerIsAwaited) {
  LiveDoor door;
  {
    RawClient client(door.port());
    ASSERT_TRUE(client.send(get("/wait")));
    ASSERT_TRUE(door.open_connections_become(1));
    ASSERT_TRUE(client.quiet_for(milliseconds(20)));
  }
  ASSERT_TRUE(door.open_connections_become(0));
  EXPECT_EQ(door.clients_seen_leaving(), 1U);
  RawClient resetting(door.port());
  ASSERT_TRUE(resetting.send(get("/wait")));
  ASSERT_TRUE(resetting.quiet_for(milliseconds(20)));
  resetting.reset();
  ASSERT_TRUE(door.open_connections_become(0));
  EXPECT_EQ(door.clients_seen_leaving(), 2U);
}

TEST(Connection, AClientThatLeavesIsNoticedBehindWhatItPipelined) {
  LiveDoor door;
  {
    RawClient client(door.port());
    ASSERT_TRUE(client.send(get("/wait")));
    ASSERT_TRUE(client.quiet_for(milliseconds(20)));
    ASSERT_TRUE(client.send("G"));  // while the watch is on: nobody reads it
    ASSERT_TRUE(client.quiet_for(milliseconds(150)));
    EXPECT_EQ(door.clients_seen_leaving(), 0U);
  }
  ASSERT_TRUE(door.open_connections_become(0));
  EXPECT_EQ(door.clients_seen_leaving(), 1U);
}

TEST(Connection, H33_AHalfClosedClientWhoseAnswerIsGivenUpReadsNothing) {
  LiveDoor door;
  for (const std::string_view version : {"1.1", "1.0"}) {
    RawClient client(door.port());
    ASSERT_TRUE(
        client.send("GET /wait HTTP/" + std::string(version) + "\r\nHost: localhost\r\n\r\n"));
    ASSERT_TRUE(client.quiet_for(milliseconds(20)));
    client.shutdown_send();
    EXPECT_EQ(client.receive_raw(1), "");
    EXPECT_TRUE(door.open_connections_become(0));
  }
  EXPECT_EQ(door.clients_seen_leaving(), 2U);
}

TEST(Connection, AClientThatTakesNothingIsCutOff) {
  config::Server limits;
  limits.write_timeout = milliseconds(200);
  LiveDoor door(limits);
  RawClient client(door.port());
  client.shrink_receive_buffer(4096);
  ASSERT_TRUE(client.send(get("/flood")));
  ASSERT_TRUE(door.open_connections_become(1));
  EXPECT_TRUE(door.open_connections_become(0));
}

TEST(Connection, DrainEndsIdleConnectionsAndLetsOthersFinish) {
  LiveDoor door;
  RawClient idle(door.port());
  ASSERT_TRUE(idle.send(get("/")));
  ASSERT_TRUE(idle.receive());
  RawClient halfway(door.port());
  ASSERT_TRUE(halfway.send("GET / HTTP/1.1\r\nHost: "));
  ASSERT_TRUE(door.open_connections_become(2));
  door.drain();
  EXPECT_TRUE(idle.quiet_for(milliseconds(50))) << "it may be about to ask";
  EXPECT_TRUE(idle.closed());
  ASSERT_TRUE(halfway.send("localhost\r\n\r\n"));
  const auto last = halfway.receive();
  ASSERT_TRUE(last);
  EXPECT_EQ(last->status, 200U);
  EXPECT_EQ(last->find("connection"), "close");
  EXPECT_TRUE(halfway.closed());
  EXPECT_THROW(RawClient{door.port()}, std::system_error);
}

TEST(Connection, CutEndsAConnectionWhoseHandlerWaitsForSomethingElse) {
  LiveDoor door;
  RawClient client(door.port());
  ASSERT_TRUE(client.send(get("/wait")));
  ASSERT_TRUE(door.open_connections_become(1));
  ASSERT_TRUE(client.quiet_for(milliseconds(20)));
  door.cut();
  EXPECT_TRUE(client.closed());
  EXPECT_TRUE(door.open_connections_become(0));
}

TEST(Connection, CutReachesAHandlerThatWaitsBehindPipelinedBytes) {
  LiveDoor door;
  RawClient client(door.port());
  ASSERT_TRUE(client.send(get("/wait")));
  ASSERT_TRUE(door.open_connections_become(1));
  ASSERT_TRUE(client.quiet_for(milliseconds(20)));
  ASSERT_TRUE(client.send("G"));
  ASSERT_TRUE(client.quiet_for(milliseconds(20)));
  door.cut();
  EXPECT_TRUE(door.open_connections_become(0));
}

TEST(Connection, O04_SilentSlowAndIdleClientsAreClosedInTime) {
  config::Server limits;
  limits.head_timeout = milliseconds(200);
  limits.idle_timeout = milliseconds(400);
  limits.body_timeout = milliseconds(200);
  LiveDoor door(limits);
  RawClient silent(door.port());
  RawClient slow_head(door.port());
  ASSERT_TRUE(slow_head.send("GET / HTTP/1.1\r\n"));
  RawClient stalled_body(door.port());
  ASSERT_TRUE(
      stalled_body.send("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\nhalf"));
  RawClient stalled_chunk(door.port());
  ASSERT_TRUE(stalled_chunk.send(
      "POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n10\r\nhalf"));
  RawClient idle(door.port());
  ASSERT_TRUE(idle.send(get("/")));
  ASSERT_TRUE(idle.receive());

  EXPECT_TRUE(silent.receive_all().empty());
  for (RawClient* slow : {&slow_head, &stalled_body, &stalled_chunk}) {
    const auto answer = slow->receive();
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->status, 408U);
    slow->shutdown_send();
    EXPECT_TRUE(slow->closed());
  }
  EXPECT_TRUE(idle.receive_all().empty());
  EXPECT_TRUE(door.open_connections_become(0));
}

TEST(Connection, O04_BytesNowAndThenDoNotExtendAHeadsDeadline) {
  config::Server limits;
  limits.head_timeout = milliseconds(300);
  LiveDoor door(limits);
  RawClient client(door.port());
  const auto begun = std::chrono::steady_clock::now();
  ASSERT_TRUE(client.send("GET / HTTP/1.1\r\nX: "));
  while (client.quiet_for(milliseconds(20))) {
    ASSERT_LT(std::chrono::steady_clock::now() - begun, test::kSoon);
    client.send("a");
  }
  const auto answer = client.receive();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 408U);
}

TEST(Connection, O05_ABodyMayNotTakeForever) {
  config::Server limits;
  limits.body_timeout = milliseconds(400);
  LiveDoor door(limits);
  RawClient client(door.port());
  ASSERT_TRUE(client.send("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\n"));
  const auto begun = std::chrono::steady_clock::now();
  while (client.quiet_for(milliseconds(5))) {
    ASSERT_LT(std::chrono::steady_clock::now() - begun, test::kSoon);
    client.send(std::string(100, 'x'));
  }
  const auto answer = client.receive();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 408U);
}

TEST(Connection, O07_PastTheLimitClientsAreTurnedAwayUntilOneLeaves) {
  config::Server limits;
  limits.max_connections = 2;
  LiveDoor door(limits);
  RawClient first(door.port());
  ASSERT_TRUE(first.send(get("/")));
  ASSERT_TRUE(first.receive());
  {
    RawClient second(door.port());
    ASSERT_TRUE(second.send(get("/")));
    ASSERT_TRUE(second.receive());
    RawClient third(door.port());
    ASSERT_TRUE(third.send(get("/")));
    const auto turned_away = third.receive();
    ASSERT_TRUE(turned_away);
    EXPECT_EQ(turned_away->status, 503U);
    EXPECT_EQ(turned_away->find("connection"), "close");
    EXPECT_EQ(turned_away->find("retry-after"), "1");
  }
  ASSERT_TRUE(door.open_connections_become(1));
  RawClient fourth(door.port());
  ASSERT_TRUE(fourth.send(get("/")));
  const auto answer = fourth.receive();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 200U);
}

TEST(Connection, O09_ClientsThatResetLeaveNothingBehind) {
  LiveDoor door;
  for (int i = 0; i < 300; ++i) {
    RawClient client(door.port());
    if (i % 3 == 1) client.send(get("/wait"));
    if (i % 3 == 2) client.send(get("/flood"));
    client.reset();
  }
  EXPECT_TRUE(door.open_connections_become(0));
  EXPECT_EQ(door.exchange("GET / HTTP/1.0\r\n\r\n").size(), 1U);
}

TEST(Connection, O10_PipelinedRequestsNobodyReadsTheAnswersOfAreNotAllTaken) {
  LiveDoor door;
  RawClient client(door.port());
  client.shrink_receive_buffer(4096);
  const std::string body = "{" + std::string(10'000, ' ') + "}";
  std::string requests;
  for (int i = 0; i < 2000; ++i) requests += chat_request(body);
  // 20 MB of requests whose answers are as long: what the kernel buffers is far less.
  EXPECT_FALSE(client.send(requests, milliseconds(300)));
  EXPECT_LT(door.served().size(), 2000U);
}

}  // namespace
}  // namespace gateway::http

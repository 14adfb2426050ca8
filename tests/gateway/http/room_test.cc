// What the whole process takes: exactly so much, by itself and at a door.

#include "gateway/http/room.h"

#include <atomic>
#include <limits>
#include <list>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/gateway/http/live_door.h"
#include "tests/support/raw_client.h"
#include "tests/support/wait_for.h"

namespace gateway::http {
namespace {

using test::RawClient;

constexpr std::size_t kKiB = 1024;

TEST(Bound, ExactlyAsMuchAsAllowed) {
  Bound bound(10);
  EXPECT_TRUE(bound.take(9));
  EXPECT_FALSE(bound.take(2));
  EXPECT_TRUE(bound.take(1));
  EXPECT_FALSE(bound.take(1));
  EXPECT_EQ(bound.taken(), 10U);
  EXPECT_EQ(bound.refusals(), 2U);
  bound.give_back(3);
  EXPECT_TRUE(bound.take(3));
}

TEST(Bound, NoAmountIsTooLargeToBeRefused) {
  Bound bound(10);
  ASSERT_TRUE(bound.take(5));
  EXPECT_FALSE(bound.take(std::numeric_limits<std::size_t>::max()));
  EXPECT_EQ(bound.taken(), 5U);
}

TEST(Bound, WhatIsTakenStaysWhenLessIsAllowed) {
  Bound bound(10);
  ASSERT_TRUE(bound.take(10));
  bound.allow(5);
  bound.give_back(4);
  EXPECT_FALSE(bound.take(1));
  bound.give_back(2);
  EXPECT_TRUE(bound.take(1));
}

TEST(Bound, APartGivesBackAtItsEnd) {
  Bound bound(10);
  {
    Bound::Part part(&bound);
    EXPECT_TRUE(part.grow_to(4));
    EXPECT_TRUE(part.grow_to(3));
    EXPECT_TRUE(part.grow_to(8));
    EXPECT_FALSE(part.grow_to(11));
    EXPECT_EQ(bound.taken(), 8U);
  }
  EXPECT_EQ(bound.taken(), 0U);
  EXPECT_TRUE(Bound::Part(nullptr).grow_to(1'000'000));
}

TEST(Bound, ManyThreadsNeverHaveMoreTogether) {
  Bound bound(3);
  std::atomic<bool> passed{false};
  std::vector<std::thread> threads;
  threads.reserve(4);
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int turn = 0; turn < 20'000; ++turn) {
        Bound::Part part(&bound);
        if (part.grow_to(1) && bound.taken() > 3) passed = true;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_FALSE(passed);
  EXPECT_EQ(bound.taken(), 0U);
}

TEST(Room, NoNumberOfRequestsIsNoBound) {
  config::Server limits;
  limits.max_requests_in_flight = 0;
  Room room(limits);
  EXPECT_TRUE(room.requests.take(1'000'000'000));
  limits.max_requests_in_flight = 2;
  room.allow(limits);
  EXPECT_FALSE(room.requests.take(1));
}

std::string get(std::string_view path) {
  return "GET " + std::string(path) + " HTTP/1.1\r\nHost: localhost\r\n\r\n";
}

std::string post(std::string_view path, std::string_view field) {
  return "POST " + std::string(path) + " HTTP/1.1\r\nHost: localhost\r\n" + std::string(field) +
         "\r\n\r\n";
}

std::string of_size(std::size_t size) {
  return "Content-Length: " + std::to_string(size);
}

bool becomes(const Bound& bound, std::size_t wanted) {
  return test::wait_for(test::kSoon, [&] { return bound.taken() == wanted; });
}

// Status 0: there is none.
test::Answer answer_to(RawClient& client, std::string_view request) {
  if (!client.send(request)) return {};
  return client.receive().value_or(test::Answer{});
}

unsigned status_of(const LiveDoor& door, std::string_view request) {
  RawClient client(door.port());
  return answer_to(client, request).status;
}

void expect_try_again(const test::Answer& answer) {
  EXPECT_EQ(answer.status, 503U);
  EXPECT_EQ(answer.find("retry-after"), "1");
  EXPECT_THAT(answer.body, testing::HasSubstr(R"("code":"overloaded")"));
}

TEST(Room, O14_AsManyRequestsAsAllowedAreUnderWayAndTheNextHearsSoAtOnce) {
  config::Server limits;
  limits.max_requests_in_flight = 2;
  LiveDoor door(limits);
  std::list<RawClient> waiting;
  for (int i = 0; i < 2; ++i) {
    waiting.emplace_back(door.port());
    ASSERT_TRUE(waiting.back().send(get("/wait/upstream")));
  }
  ASSERT_TRUE(becomes(door.room().requests, 2));

  RawClient third(door.port());
  // Nothing of its body is waited for, and its connection lives on.
  expect_try_again(answer_to(
      third,
      "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer key\r\n"
      "Content-Type: application/json\r\nContent-Length: 10\r\n\r\n"));
  EXPECT_EQ(answer_to(third, "0123456789" + get("/healthz")).status, 200U);

  waiting.pop_back();
  ASSERT_TRUE(becomes(door.room().requests, 1));
  EXPECT_EQ(answer_to(third, chat_request()).status, 200U);
  EXPECT_TRUE(becomes(door.room().requests, 1));
  EXPECT_EQ(door.room().requests.refusals(), 1U);
}

TEST(Room, WhoHasNoKeyTakesNoPlace) {
  config::Server limits;
  limits.max_requests_in_flight = 1;
  LiveDoor door(limits);
  RawClient waiting(door.port());
  ASSERT_TRUE(waiting.send(get("/wait/upstream")));
  ASSERT_TRUE(becomes(door.room().requests, 1));
  EXPECT_EQ(status_of(door, post("/v1/chat/completions", of_size(0))), 401U);
}

TEST(Room, BodiesAreHeldUpToTheBoundAndTheNextIsRefusedUnread) {
  config::Server limits;
  limits.max_body_bytes = 100 * kKiB;
  limits.max_buffered_bytes = 150 * kKiB;
  LiveDoor door(limits);
  RawClient first(door.port());
  ASSERT_TRUE(first.send(post("/wait", of_size(100 * kKiB)) + std::string(100 * kKiB, 'x')));
  ASSERT_TRUE(becomes(door.room().body_bytes, 100 * kKiB));

  RawClient second(door.port());
  expect_try_again(answer_to(second, post("/", of_size(50 * kKiB + 1))));
  EXPECT_EQ(status_of(door, post("/", of_size(50 * kKiB)) + std::string(50 * kKiB, 'x')), 200U);
  // What came with its head takes nothing.
  EXPECT_EQ(status_of(door, post("/", of_size(2)) + "{}"), 200U);

  EXPECT_TRUE(becomes(door.room().body_bytes, 100 * kKiB));
  first.reset();
  EXPECT_TRUE(becomes(door.room().body_bytes, 0));
}

TEST(Room, AChunkedBodyIsRefusedWhereItGrowsBeyond) {
  config::Server limits;
  limits.max_body_bytes = 100 * kKiB;
  limits.max_buffered_bytes = 100 * kKiB;
  LiveDoor door(limits);
  const std::string chunked = post("/", "Transfer-Encoding: chunked");
  // Alone it may be as large as any body.
  const std::string all = "19000\r\n" + std::string(100 * kKiB, 'x') + "\r\n0\r\n\r\n";
  EXPECT_EQ(status_of(door, chunked + all), 200U);
  EXPECT_TRUE(becomes(door.room().body_bytes, 0));

  RawClient first(door.port());
  ASSERT_TRUE(first.send(post("/wait", of_size(60 * kKiB)) + std::string(60 * kKiB, 'x')));
  ASSERT_TRUE(becomes(door.room().body_bytes, 60 * kKiB));
  RawClient growing(door.port());
  expect_try_again(answer_to(growing, chunked + "a000\r\n" + std::string(41'000, 'x')));
  // Its share is free before its connection has ended.
  EXPECT_TRUE(becomes(door.room().body_bytes, 60 * kKiB));
}

}  // namespace
}  // namespace gateway::http

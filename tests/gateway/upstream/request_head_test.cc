#include "gateway/upstream/request_head.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace gateway::upstream {
namespace {

using testing::HasSubstr;
using testing::Not;

config::Target target() {
  config::Target t;
  t.base_url.host_header = "api.test";
  return t;
}

providers::UpstreamRequest request() {
  providers::UpstreamRequest r;
  r.path = "/v1/chat";
  r.body.own("{}");
  return r;
}

TEST(RequestHead, IsWrittenInFull) {
  auto r = request();
  r.headers.emplace_back("X-Api-Key", "k");
  EXPECT_EQ(
      *request_head(target(), r),
      "POST /v1/chat HTTP/1.1\r\nHost: api.test\r\nUser-Agent: tollgate/" TOLLGATE_TEST_VERSION
      "\r\nAccept: application/json\r\nContent-Type: application/json\r\n"
      "Accept-Encoding: identity\r\nContent-Length: 2\r\nX-Api-Key: k\r\n\r\n");
}

TEST(RequestHead, AStreamIsAskedForAsEvents) {
  auto r = request();
  r.streamed = true;
  EXPECT_THAT(*request_head(target(), r), HasSubstr("\r\nAccept: text/event-stream\r\n"));
}

TEST(RequestHead, WhatTheRequestSetsItselfIsNotSaidTwice) {
  auto r = request();
  r.headers.emplace_back("user-agent", "mine");
  r.headers.emplace_back("ACCEPT", "a/b");
  r.headers.emplace_back("content-type", "c/d");
  const auto head = *request_head(target(), r);
  EXPECT_THAT(head, Not(HasSubstr("User-Agent")));
  EXPECT_THAT(head, Not(HasSubstr("Accept: ")));
  EXPECT_THAT(head, Not(HasSubstr("Content-Type")));
}

TEST(RequestHead, NothingCanAddALineOrAnotherFraming) {
  using Header = std::pair<std::string, std::string>;
  for (const Header& header :
       {Header("X", "a\r\nY: b"), Header("X", "a\nb"), Header("X", std::string("a\0b", 3)),
        Header("X", "a\x7f"), Header("X Y", "a"), Header("X:", "a"), Header("", "a"),
        Header("X\r\nY", "a"), Header("Content-Length", "5"),
        Header("transfer-encoding", "chunked"), Header("Host", "b"), Header("Connection", "close"),
        Header("Accept-Encoding", "gzip"), Header("Expect", "100-continue"),
        Header("Upgrade", "h2c")}) {
    auto r = request();
    r.headers.push_back(header);
    EXPECT_FALSE(request_head(target(), r)) << header.first;
  }
  for (const char* path : {"", "v1", "/a b", "/a\r\nX: y", "/\xc3\xa9", "/a\tb"}) {
    auto r = request();
    r.path = path;
    EXPECT_FALSE(request_head(target(), r)) << path;
  }
  auto t = target();
  t.base_url.host_header = "a\r\nX: y";
  EXPECT_FALSE(request_head(t, request()));
}

TEST(RequestHead, AnErrorDoesNotRepeatTheValue) {
  auto r = request();
  r.headers.emplace_back("Authorization", "Bearer very-secret\r\n");
  const auto head = request_head(target(), r);
  ASSERT_FALSE(head);
  EXPECT_THAT(head.error().detail, Not(HasSubstr("very-secret")));
  EXPECT_THAT(head.error().message, Not(HasSubstr("very-secret")));
}

}  // namespace
}  // namespace gateway::upstream

#include "config/base_url.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/network.h"

namespace config {
namespace {

BaseUrl parsed(std::string_view text) {
  auto result = parse_base_url(text);
  if (auto* why = std::get_if<std::string>(&result)) {
    ADD_FAILURE() << text << ": " << *why;
    return {};
  }
  return std::get<BaseUrl>(result);
}

bool refused(std::string_view text) {
  return std::holds_alternative<std::string>(parse_base_url(text));
}

TEST(BaseUrl, IsTakenApart) {
  EXPECT_EQ(parsed("https://openrouter.ai/api/v1"),
            (BaseUrl{true, "openrouter.ai", 443, "/api/v1", "openrouter.ai"}));
  EXPECT_EQ(parsed("HTTP://LocalHost:9000/"),
            (BaseUrl{false, "localhost", 9000, "", "localhost:9000"}));
  EXPECT_EQ(parsed("http://[::1]:8000/v1//"), (BaseUrl{false, "::1", 8000, "/v1", "[::1]:8000"}));
  EXPECT_EQ(parsed("https://my_vllm.internal"),
            (BaseUrl{true, "my_vllm.internal", 443, "", "my_vllm.internal"}));
}

TEST(BaseUrl, TheUsualPortIsNotRepeatedInTheHostHeader) {
  EXPECT_EQ(parsed("https://a.example:443").host_header, "a.example");
  EXPECT_EQ(parsed("http://127.0.0.1:80").host_header, "127.0.0.1");
  EXPECT_EQ(parsed("http://127.0.0.1:443").host_header, "127.0.0.1:443");
}

TEST(BaseUrl, WhatIsNoPlainAddressOfAServerIsRefused) {
  for (const auto* text : {"",
                           "openrouter.ai",
                           "ftp://a.example",
                           "https:/a.example",
                           "https://",
                           "https:///v1",
                           "https://user@a.example",
                           "https://user:pw@a.example",
                           "https://a.example?x=1",
                           "https://a.example/v1?x",
                           "https://a.example/#top",
                           "https://a.example:0",
                           "https://a.example:65536",
                           "https://a.example:",
                           "https://a.example:+1",
                           "https://a.example:8o",
                           "https://a..example",
                           "https://.a",
                           "https://-a",
                           "https://999.1.1.1",
                           "https://1.2.3",
                           "https://[::1",
                           "https://[::g]",
                           "https://[::1]x",
                           "https://[1.2.3.4]",
                           "https://::1",
                           "https://a b",
                           "https://a.example/a b",
                           "https://a.example/v1/../x",
                           "https://a.example//v1",
                           "https://a.example/\r\nX: y",
                           "https://ex\xc3\xa4mple.de",
                           "https://a.example/\xc3\xa4",
                           " https://a.example"}) {
    EXPECT_TRUE(refused(text)) << text;
  }
}

TEST(BaseUrl, ARefusalNeverRepeatsThePassword) {
  const auto result = parse_base_url("https://user:hunter2@a.example");
  EXPECT_THAT(std::get<std::string>(result), testing::Not(testing::HasSubstr("hunter2")));
}

TEST(Network, EndpointsAreAddressesWithPorts) {
  EXPECT_EQ(parse_endpoint("127.0.0.1:8080"), (Endpoint{"127.0.0.1", 8080}));
  EXPECT_EQ(parse_endpoint("[::]:0"), (Endpoint{"::", 0}));
  EXPECT_EQ(to_string(*parse_endpoint("[::1]:80")), "[::1]:80");
  EXPECT_EQ(to_string(*parse_endpoint("0.0.0.0:80")), "0.0.0.0:80");
  for (const auto* text :
       {"", "8080", ":8080", "localhost:8080", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536",
        "127.0.0.1:-1", "::1:80", "[127.0.0.1]:80", "[::1]", "127.0.0.1:80 ", "256.0.0.1:80"}) {
    EXPECT_FALSE(parse_endpoint(text)) << text;
  }
}

TEST(Network, LoopbackIsThisMachineAndNothingThatLooksLikeIt) {
  for (const auto* host : {"127.0.0.1", "127.1.2.3", "::1", "localhost"}) {
    EXPECT_TRUE(is_loopback(host)) << host;
  }
  for (const auto* host : {"0.0.0.0", "::", "10.0.0.1", "127.0.0.1.example", "127.example",
                           "localhost.example", "", "1127.0.0.1"}) {
    EXPECT_FALSE(is_loopback(host)) << host;
  }
}

}  // namespace
}  // namespace config

#include "config/proxy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/config/loading.h"

namespace config {
namespace {

using test::loaded;
using test::problems_of;
using testing::HasSubstr;

BaseUrl url(std::string_view text) {
  return std::get<BaseUrl>(parse_base_url(text));
}

Proxy good(std::string_view text) {
  const auto parsed = parse_proxy(text);
  if (const auto* proxy = std::get_if<Proxy>(&parsed)) return *proxy;
  ADD_FAILURE() << text << " " << std::get<std::string>(parsed);
  return {};
}

std::string bad(std::string_view text) {
  const auto parsed = parse_proxy(text);
  const auto* why = std::get_if<std::string>(&parsed);
  return why != nullptr ? *why : "good";
}

TEST(Proxy, IsAHostAndAPort) {
  const auto plain = good("http://Proxy.Example.org:3128/");
  EXPECT_EQ(plain.host, "proxy.example.org");
  EXPECT_EQ(plain.port, 3128);
  EXPECT_EQ(plain.name, "proxy.example.org:3128");
  EXPECT_TRUE(plain.authorization.empty());
  EXPECT_EQ(good("http://[::1]:80").name, "[::1]:80");
}

// RFC 7617's own example.
TEST(Proxy, AUserIsSentInBasicAndItsPasswordIsNeverInTheName) {
  const auto proxy = good("http://Aladdin:open%20sesame@proxy:8080");
  EXPECT_EQ(proxy.authorization.reveal(), "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
  EXPECT_EQ(proxy.name, "Aladdin@proxy:8080");
  EXPECT_EQ(good("http://a:b@c@proxy:1").authorization.reveal(), "Basic YTpiQGM=");
}

TEST(Proxy, WhatCannotBeUsedSaysWhy) {
  EXPECT_THAT(bad("https://proxy:3128"), HasSubstr("must begin with http://"));
  EXPECT_THAT(bad("socks5://proxy:1080"), HasSubstr("must begin with http://"));
  EXPECT_THAT(bad("http://proxy"), HasSubstr("must name a port"));
  EXPECT_THAT(bad("http://[::1]"), HasSubstr("must name a port"));
  EXPECT_THAT(bad("http://proxy:3128/path"), HasSubstr("no path"));
  EXPECT_THAT(bad("http://proxy:0"), HasSubstr("port"));
  EXPECT_THAT(bad("http://:pw@proxy:1"), HasSubstr("user"));
  EXPECT_THAT(bad("http://a%zz:pw@proxy:1"), HasSubstr("user"));
  EXPECT_EQ(bad("http://canary:canary@proxy").find("canary"), std::string::npos);
}

struct Case {
  const char* upstream;
  test::Variables variables;
  const char* proxy;  // empty: none
};

TEST(ProxyOfEnvironment, TheSchemeChoosesAndNoProxyExempts) {
  const Case cases[] = {
      {"https://api.a.org/v1", {{"HTTPS_PROXY", "http://p:1"}}, "http://p:1"},
      {"https://api.a.org/v1",
       {{"https_proxy", "http://l:1"}, {"HTTPS_PROXY", "http://u:1"}},
       "http://l:1"},
      {"https://api.a.org/v1", {{"HTTP_PROXY", "http://p:1"}}, ""},
      {"http://api.a.org/v1", {{"HTTP_PROXY", "http://p:1"}}, "http://p:1"},
      {"http://api.a.org/v1", {{"HTTPS_PROXY", "http://p:1"}}, ""},
      {"https://api.a.org/v1", {{"ALL_PROXY", "p:1"}}, "http://p:1"},
      {"https://api.a.org/v1", {}, ""},
      {"https://api.a.org/v1", {{"HTTPS_PROXY", ""}}, ""},
      {"https://127.0.0.1/v1", {{"ALL_PROXY", "p:1"}}, ""},
      {"https://api.a.org/v1", {{"ALL_PROXY", "p:1"}, {"NO_PROXY", "*"}}, ""},
      {"https://api.a.org/v1", {{"ALL_PROXY", "p:1"}, {"NO_PROXY", "b.org, A.org"}}, ""},
      {"https://api.a.org/v1", {{"ALL_PROXY", "p:1"}, {"no_proxy", ".a.org"}}, ""},
      {"https://api.a.org/v1", {{"ALL_PROXY", "p:1"}, {"no_proxy", "*.a.org"}}, ""},
      {"https://aa.org/v1", {{"ALL_PROXY", "p:1"}, {"no_proxy", "a.org"}}, "http://p:1"},
      {"https://api.a.org/v1", {{"ALL_PROXY", "p:1"}, {"NO_PROXY", "a.org:443"}}, ""},
      {"https://api.a.org/v1", {{"ALL_PROXY", "p:1"}, {"NO_PROXY", "a.org:444"}}, "http://p:1"},
      {"http://10.1.2.3:8000/v1", {{"ALL_PROXY", "p:1"}, {"NO_PROXY", "10.0.0.0/8"}}, ""},
      {"http://11.1.2.3:8000/v1", {{"ALL_PROXY", "p:1"}, {"NO_PROXY", "10.0.0.0/8"}}, "http://p:1"},
      {"http://10.1.2.3:8000/v1", {{"ALL_PROXY", "p:1"}, {"NO_PROXY", "10.1.2.0/23"}}, ""},
      {"http://10.1.2.3:8000/v1", {{"ALL_PROXY", "p:1"}, {"NO_PROXY", "10.1.2.3"}}, ""},
      {"http://[fd00::2]:80/v1", {{"ALL_PROXY", "p:1"}, {"NO_PROXY", "fd00::/8"}}, ""},
      {"http://[fd00::2]:80/v1", {{"ALL_PROXY", "p:1"}, {"NO_PROXY", "[fd00:0::2]"}}, ""},
      {"http://[fd00::2]:80/v1", {{"ALL_PROXY", "p:1"}, {"NO_PROXY", "fd00::3"}}, "http://p:1"},
  };
  for (const Case& one : cases) {
    const auto options = test::options_with(one.variables);
    EXPECT_EQ(proxy_of_environment(url(one.upstream), options.environment).value_or(""), one.proxy)
        << one.upstream << " " << (one.variables.empty() ? "" : one.variables.rbegin()->second);
  }
}

std::string with_proxy(std::string_view proxy) {
  return test::kKeys +
         "providers:\n"
         "  - {name: near, kind: openai, base_url: \"https://api.a.org/v1\", proxy: " +
         std::string(proxy) + "}\n" + test::kModels;
}

TEST(Proxy, TheTargetHasItsProvidersProxy) {
  const auto config = loaded(with_proxy("\"http://p:1\""));
  EXPECT_EQ(config.models[0].targets[0].proxy.name, "p:1");
}

// The environment of the machine must not reroute anybody's keys by itself.
TEST(Proxy, X09_TheEnvironmentCountsOnlyWhereItIsNamed) {
  const test::Variables variables = {{"HTTPS_PROXY", "http://env:1"}, {"ALL_PROXY", "http://e:2"}};
  EXPECT_FALSE(loaded(with_proxy("\"\""), variables).providers[0].proxy.on());
  EXPECT_FALSE(loaded(test::kSmall, variables).providers[0].proxy.on());
  EXPECT_EQ(loaded(with_proxy("environment"), variables).providers[0].proxy.name, "env:1");
  EXPECT_FALSE(loaded(with_proxy("environment")).providers[0].proxy.on());
}

TEST(Proxy, ProblemsNameTheirPlaceAndNeverThePassword) {
  const auto problems = problems_of(with_proxy("\"https://canary:canary@p:1\""));
  ASSERT_EQ(problems.size(), 1U);
  EXPECT_THAT(problems[0], HasSubstr("providers[0].proxy: must begin with http://"));
  EXPECT_EQ(problems[0].find("canary"), std::string::npos);
  EXPECT_THAT(problems_of(with_proxy("enviroment")),
              testing::ElementsAre(HasSubstr("did you mean \"environment\"?")));
  EXPECT_THAT(problems_of(with_proxy("environment"), {{"HTTPS_PROXY", "socks5://p:1"}}),
              testing::ElementsAre(HasSubstr("must begin with http://")));
}

}  // namespace
}  // namespace config

// The real gateway where nobody may reach out directly: providers behind an egress proxy.

#include <string>

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "tests/e2e/gateway_fixture.h"
#include "tests/support/connect_proxy.h"
#include "tests/support/test_certificates.h"

namespace e2e {
namespace {

using testing::HasSubstr;
using testing::Not;

class EgressProxy : public testing::Test {
 protected:
  // The fixture's providers, reached over TLS through `proxy`.
  std::string config(const std::string& proxy) {
    std::string text = configuration(upstream_.url());
    const std::string more =
        fmt::format("/v1\", proxy: \"{}\", ca_file: \"{}\"", proxy, certificates_.ca_file());
    for (std::size_t at = 0; (at = text.find("/v1\"", at)) != std::string::npos;) {
      text.replace(at, 4, more);
      at += more.size();
    }
    return text;
  }
  std::string address(std::string_view login = "") const {
    return fmt::format("http://{}127.0.0.1:{}", login, proxy_.port());
  }

  static simulator::Options over_tls(const test::ServerCertificate& certificate) {
    simulator::Options out;
    out.certificate_file = certificate.certificate_file;
    out.key_file = certificate.key_file;
    return out;
  }

  static HttpAnswer ask(const test::GatewayProcess& gateway, std::string_view model) {
    test::HttpClient client(gateway.client_port());
    return client.post(
        "/v1/chat/completions",
        fmt::format(R"({{"model":"{}","messages":[{{"role":"user","content":"hello"}}]}})", model),
        {{"Authorization", "Bearer " + std::string(kKey)}});
  }

  test::TestCertificates certificates_;
  simulator::Simulator upstream_{over_tls(certificates_.issue("127.0.0.1"))};
  test::ConnectProxy proxy_;
};

TEST_F(EgressProxy, CarriesTlsToTheUpstreamAndSeesNothingOfIt) {
  test::GatewayProcess gateway(TOLLGATE_PROGRAM, config(address("team:s3cret@")));
  const auto answer = ask(gateway, "openrouter/ok");
  ASSERT_EQ(answer.status, 200U) << answer.body;
  EXPECT_THAT(answer.body, HasSubstr(std::string(kHello)));
  ASSERT_EQ(proxy_.asked().size(), 1U);
  EXPECT_THAT(proxy_.asked()[0],
              HasSubstr(fmt::format("CONNECT 127.0.0.1:{} HTTP/1.1\r\n", upstream_.port())));
  EXPECT_THAT(proxy_.asked()[0], HasSubstr("Proxy-Authorization: Basic dGVhbTpzM2NyZXQ=\r\n"));
  EXPECT_THAT(proxy_.asked()[0], Not(HasSubstr("sk-or-up")));
  EXPECT_EQ(gateway.stop(), 0);
  EXPECT_THAT(gateway.log(), Not(HasSubstr("s3cret")));
  EXPECT_THAT(gateway.log(), Not(HasSubstr("dGVhbTpzM2NyZXQ=")));
}

TEST_F(EgressProxy, ARefusalIsAClearErrorAndTheNextTargetIsTried) {
  proxy_.answer_with("HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n");
  test::GatewayProcess gateway(TOLLGATE_PROGRAM, config(address()));
  const auto answer = ask(gateway, "failover/ok");
  EXPECT_EQ(answer.status, 502U);
  EXPECT_THAT(answer.body, HasSubstr("407 Proxy Authentication Required"));
  EXPECT_THAT(answer.body, Not(HasSubstr("127.0.0.1"))) << "where it is, is nobody's business";
  EXPECT_EQ(proxy_.asked().size(), 2U) << "both targets";
  EXPECT_EQ(upstream_.state().log.totals().requests, 0U);
  EXPECT_EQ(gateway.stop(), 0);
  EXPECT_THAT(gateway.log(), HasSubstr("answered 407"));
}

TEST_F(EgressProxy, WhatTheProxyDoesNotTakeIsSaidToBeItsOwn) {
  test::GatewayProcess gateway(TOLLGATE_PROGRAM, config("http://127.0.0.1:1"));
  EXPECT_EQ(ask(gateway, "openrouter/ok").status, 502U);
  EXPECT_EQ(gateway.stop(), 0);
  EXPECT_THAT(gateway.log(), HasSubstr("refused (proxy 127.0.0.1:1)"));
}

// What the shell of the machine says counts for nobody who was not told so.
TEST_F(EgressProxy, X09_TheEnvironmentsProxiesAreNotUsedUnlessAskedFor) {
  const test::Environment environment = {{"HTTPS_PROXY", address()}, {"https_proxy", address()},
                                         {"HTTP_PROXY", address()},  {"http_proxy", address()},
                                         {"ALL_PROXY", address()},   {"all_proxy", address()}};
  test::GatewayProcess gateway(TOLLGATE_PROGRAM, config(""), environment);
  EXPECT_EQ(ask(gateway, "openrouter/ok").status, 200U);
  EXPECT_THAT(proxy_.asked(), testing::IsEmpty());
}

}  // namespace
}  // namespace e2e

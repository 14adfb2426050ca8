#include "gateway/upstream/tls.h"

#include <atomic>
#include <filesystem>
#include <string>
#include <utility>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/ssl.h>

#include "tests/gateway/upstream/exchange_rig.h"
#include "tests/gateway/upstream/scripted_upstream.h"
#include "tests/support/test_certificates.h"

namespace gateway::upstream {
namespace {

using config::ErrorCode;
using test::ExchangeRig;
using test::Peer;
using test::ScriptedUpstream;
using testing::HasSubstr;

constexpr std::string_view kOk = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nfine";

class UpstreamTls : public testing::Test {
 protected:
  using ServerContext = test::net::ssl::context;

  static ServerContext server_with(const test::ServerCertificate& certificate) {
    ServerContext context(ServerContext::tls_server);
    context.use_certificate_chain_file(certificate.certificate_file);
    context.use_private_key_file(certificate.key_file, ServerContext::pem);
    return context;
  }

  config::Target target_at(const ScriptedUpstream& upstream, std::string host = "localhost") {
    auto target = test::target_at(upstream.port(), std::move(host));
    target.base_url.tls = true;
    target.ca_file = certificates.ca_file();
    return target;
  }

  // Counts requests, which is what a refused server must never see.
  ScriptedUpstream::Script counting() {
    return [this](Peer& peer) {
      while (peer.read()) {
        ++requests;
        peer.send(kOk);
      }
    };
  }

  // Asks a server with that certificate and expects a refusal that says `why`.
  void expect_refused(const test::ServerCertificate& certificate, const std::string& why) {
    auto context = server_with(certificate);
    ScriptedUpstream upstream(context, counting());
    const auto target = target_at(upstream);
    const auto answer = rig.ask(target);
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code, ErrorCode::upstream_unavailable);
    EXPECT_THAT(answer.error().detail, HasSubstr(why));
    EXPECT_FALSE(rig.last_written);
    EXPECT_EQ(requests, 0);
  }

  test::TestCertificates certificates;
  ExchangeRig rig{{}, [](const std::string& host, const Resolver::Done& done) {
                    const bool known = host == "localhost" || host == "other.test";
                    done(known ? error_code() : error_code(net::error::host_not_found),
                         {net::ip::make_address("127.0.0.1")});
                  }};
  std::atomic<int> requests{0};
};

TEST_F(UpstreamTls, AGoodCertificateOfAConfiguredAuthorityIsTrusted) {
  auto context = server_with(certificates.issue("localhost"));
  ScriptedUpstream upstream(context, counting());
  const auto target = target_at(upstream);
  for (int i = 0; i < 3; ++i) {
    const auto answer = rig.ask(target);
    ASSERT_TRUE(answer) << answer.error().detail;
    EXPECT_EQ(answer->body, "fine");
  }
  EXPECT_EQ(upstream.connections(), 1);
}

TEST_F(UpstreamTls, AnAddressIsVerifiedAsAnAddress) {
  auto context = server_with(certificates.issue("127.0.0.1"));
  ScriptedUpstream upstream(context, counting());
  const auto target = target_at(upstream, "127.0.0.1");
  const auto answer = rig.ask(target);
  ASSERT_TRUE(answer) << answer.error().detail;

  auto named = server_with(certificates.issue("localhost"));
  ScriptedUpstream other(named, counting());
  const auto by_address = target_at(other, "127.0.0.1");
  const auto refused = rig.ask(by_address);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().detail, HasSubstr("IP address mismatch"));
}

TEST_F(UpstreamTls, U05_AnExpiredCertificateIsRefused) {
  expect_refused(certificates.issue("localhost", -1), "certificate has expired");
}

TEST_F(UpstreamTls, U05_ACertificateForAnotherHostIsRefused) {
  expect_refused(certificates.issue("other.test"), "hostname mismatch");
}

TEST_F(UpstreamTls, U05_ASelfSignedCertificateIsRefused) {
  expect_refused(certificates.self_signed("localhost"), "self-signed certificate");
}

TEST_F(UpstreamTls, U05_AnUnknownAuthorityIsRefused) {
  test::TestCertificates strangers;
  expect_refused(strangers.issue("localhost"), "unable to get local issuer certificate");
}

TEST_F(UpstreamTls, U05_ARevokedCertificateIsRefusedWhereItsAuthoritysListIsGiven) {
  const auto revoked = certificates.issue("localhost");
  auto context = server_with(revoked);
  ScriptedUpstream upstream(context, counting());
  auto target = target_at(upstream);
  EXPECT_TRUE(rig.ask(target)) << "nobody knows";

  rig.pools.clear();
  requests = 0;
  target.crl_file = certificates.revoke({revoked});
  const auto answer = rig.ask(target);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::upstream_unavailable);
  EXPECT_THAT(answer.error().detail, HasSubstr("certificate revoked"));
  EXPECT_FALSE(rig.last_written);
  EXPECT_EQ(requests, 0);
}

TEST_F(UpstreamTls, U05_AListOfTodayIsWanted) {
  auto context = server_with(certificates.issue("localhost"));
  ScriptedUpstream upstream(context, counting());
  auto target = target_at(upstream);
  const auto refused = [&](const char* why) {
    const auto answer = rig.ask(target);
    ASSERT_FALSE(answer);
    EXPECT_THAT(answer.error().detail, HasSubstr(why));
    EXPECT_EQ(requests, 0);
  };
  target.crl_file = certificates.ca_file();
  refused("CRL file ");
  test::TestCertificates strangers;
  target.crl_file = strangers.revoke({});
  refused("unable to get certificate CRL");
  target.crl_file = certificates.revoke({}, -1);
  refused("CRL has expired");
  certificates.revoke({});
  EXPECT_TRUE(rig.ask(target)) << "it was replaced by one of today";
}

TEST_F(UpstreamTls, U05_WhoIsRevokedMeanwhileIsNotKnownByAnOldSession) {
  const auto ours = certificates.issue("localhost");
  auto context = server_with(ours);
  ScriptedUpstream upstream(context, [&](Peer& peer) {
    while (peer.read()) {
      ++requests;
      peer.send("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 4\r\n\r\nfine");
    }
  });
  auto target = target_at(upstream);
  target.crl_file = certificates.revoke({});
  ASSERT_TRUE(rig.ask(target));
  certificates.revoke({ours});
  const auto answer = rig.ask(target);
  ASSERT_FALSE(answer);
  EXPECT_THAT(answer.error().detail, HasSubstr("certificate revoked"));
  EXPECT_EQ(requests, 1);

  // What cannot be read takes nothing from what was.
  std::filesystem::resize_file(target.crl_file, 10);
  const auto still = rig.ask(target);
  ASSERT_FALSE(still);
  EXPECT_THAT(still.error().detail, HasSubstr("certificate revoked"));
}

TEST_F(UpstreamTls, X03_TheSystemsStoreIsTheDefaultAndDoesNotKnowOurAuthority) {
  auto context = server_with(certificates.issue("localhost"));
  ScriptedUpstream upstream(context, counting());
  auto target = target_at(upstream);
  target.ca_file.clear();
  const auto answer = rig.ask(target);
  ASSERT_FALSE(answer);
  EXPECT_THAT(answer.error().detail, HasSubstr("unable to get local issuer certificate"));
  EXPECT_EQ(requests, 0);
}

TEST_F(UpstreamTls, X03_NothingBelowTls12IsSpoken) {
  auto context = server_with(certificates.issue("localhost"));
  // Level 0, so that the server itself would be willing.
  SSL_CTX_set_security_level(context.native_handle(), 0);
  SSL_CTX_set_min_proto_version(context.native_handle(), TLS1_VERSION);
  SSL_CTX_set_max_proto_version(context.native_handle(), TLS1_1_VERSION);
  ScriptedUpstream upstream(context, counting());
  const auto target = target_at(upstream);
  const auto answer = rig.ask(target);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::upstream_unavailable);
  EXPECT_THAT(answer.error().detail, HasSubstr("protocol version"));
  EXPECT_EQ(requests, 0);
}

TEST_F(UpstreamTls, Tls12IsSpoken) {
  auto context = server_with(certificates.issue("localhost"));
  SSL_CTX_set_max_proto_version(context.native_handle(), TLS1_2_VERSION);
  ScriptedUpstream upstream(context, counting());
  const auto target = target_at(upstream);
  EXPECT_TRUE(rig.ask(target));
}

TEST_F(UpstreamTls, TheServerIsToldTheNameAndTheProtocol) {
  std::string name;
  std::string protocol;
  auto context = server_with(certificates.issue("localhost"));
  SSL_CTX_set_alpn_select_cb(
      context.native_handle(),
      [](SSL*, const unsigned char** out, unsigned char* size, const unsigned char* in,
         unsigned int in_size, void* seen) {
        *out = in + 1;
        *size = in[0];
        static_cast<std::string*>(seen)->assign(reinterpret_cast<const char*>(in), in_size);
        return SSL_TLSEXT_ERR_OK;
      },
      &protocol);
  ScriptedUpstream upstream(context, [&](Peer& peer) {
    if (const char* sent = SSL_get_servername(peer.tls()->native_handle(), 0)) name = sent;
    if (peer.read()) peer.send(kOk);
  });
  const auto target = target_at(upstream);
  ASSERT_TRUE(rig.ask(target));
  EXPECT_EQ(name, "localhost");
  EXPECT_EQ(protocol, "\x08http/1.1");
}

TEST_F(UpstreamTls, U06_AStallingHandshakeTimesOut) {
  ScriptedUpstream upstream([](Peer& peer) { peer.wait_for_close(); });
  auto target = target_at(upstream);
  target.timeouts.tls = std::chrono::milliseconds(50);
  const auto answer = rig.ask(target);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::upstream_timeout);
  EXPECT_THAT(answer.error().detail, HasSubstr("TLS handshake"));
}

TEST_F(UpstreamTls, PlainTextInsteadOfAHandshakeIsUnavailable) {
  ScriptedUpstream upstream([](Peer& peer) {
    peer.send("HTTP/1.1 400 Bad Request\r\n\r\n");
    peer.wait_for_close();
  });
  const auto target = target_at(upstream);
  const auto answer = rig.ask(target);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::upstream_unavailable);
  EXPECT_THAT(answer.error().detail, HasSubstr("wrong version number"));
}

TEST_F(UpstreamTls, AMissingAuthorityFileIsNamed) {
  auto context = server_with(certificates.issue("localhost"));
  ScriptedUpstream upstream(context, counting());
  auto target = target_at(upstream);
  target.ca_file = "/nowhere/ca.pem";
  const auto answer = rig.ask(target);
  ASSERT_FALSE(answer);
  EXPECT_THAT(answer.error().detail, HasSubstr("/nowhere/ca.pem"));
  EXPECT_EQ(requests, 0);
}

TEST_F(UpstreamTls, ASecondConnectionResumesTheSession) {
  std::vector<bool> resumed;
  auto context = server_with(certificates.issue("localhost"));
  ScriptedUpstream upstream(context, [&](Peer& peer) {
    resumed.push_back(SSL_session_reused(peer.tls()->native_handle()) == 1);
    if (peer.read()) {
      peer.send("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 4\r\n\r\nfine");
    }
    peer.wait_for_close();
  });
  const auto target = target_at(upstream);
  ASSERT_TRUE(rig.ask(target));
  ASSERT_TRUE(rig.ask(target));
  EXPECT_THAT(resumed, testing::ElementsAre(false, true));
}

TEST_F(UpstreamTls, U08_AStalePooledConnectionIsReplacedUnseen) {
  auto context = server_with(certificates.issue("localhost"));
  ScriptedUpstream upstream(context, [](Peer& peer) {
    if (peer.read()) peer.send(kOk);
  });
  const auto target = target_at(upstream);
  for (int i = 0; i < 3; ++i) {
    const auto answer = rig.ask(target);
    ASSERT_TRUE(answer) << answer.error().detail;
  }
  EXPECT_EQ(upstream.connections(), 3);
}

TEST_F(UpstreamTls, LargeBodiesPassBothWays) {
  std::string received;
  const std::string sent(1'000'000, 'q');
  const std::string answered(3'000'000, 'a');
  auto context = server_with(certificates.issue("localhost"));
  ScriptedUpstream upstream(context, [&](Peer& peer) {
    Peer::Request request;
    if (!peer.read(request)) return;
    received = request.body();
    peer.send("HTTP/1.1 200 OK\r\nContent-Length: 3000000\r\n\r\n" + answered);
    peer.wait_for_close();
  });
  const auto target = target_at(upstream);
  const auto request = test::chat_request(sent);
  const auto answer = rig.ask(target, request);
  ASSERT_TRUE(answer) << answer.error().detail;
  EXPECT_TRUE(answer->body == answered);
  EXPECT_TRUE(received == sent);
  EXPECT_EQ(rig.pools.idle(), 1u);
}

// Records of one read must not be left behind in OpenSSL's buffer, where nothing wakes us.
TEST_F(UpstreamTls, WhatWaitsInsideOpenSslIsReadWithoutAnotherByteFromTheSocket) {
  auto context = server_with(certificates.issue("localhost"));
  // Sizes around a record and the read buffer: what a read leaves behind wakes nobody.
  for (const std::size_t size :
       std::initializer_list<std::size_t>{16'000, 16'384, 16'400, 17'000, 33'000, 70'000}) {
    ScriptedUpstream upstream(context, [&](Peer& peer) {
      if (!peer.read()) return;
      peer.send(fmt::format("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{}", size,
                            std::string(size, 'x')));
      peer.wait_for_close();
    });
    const auto target = target_at(upstream);
    const auto answer = rig.ask_piecewise(target);
    ASSERT_TRUE(answer) << size << ": " << answer.error().message;
    EXPECT_EQ(answer->body.size(), size);
  }
}

TEST_F(UpstreamTls, ManySmallRecordsAtOnceAllArrive) {
  auto context = server_with(certificates.issue("localhost"));
  ScriptedUpstream upstream(context, [&](Peer& peer) {
    if (!peer.read()) return;
    peer.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    for (int i = 0; i < 2000; ++i) peer.send("3\r\nabc\r\n");
    peer.send("0\r\n\r\n");
    peer.wait_for_close();
  });
  const auto target = target_at(upstream);
  const auto answer = rig.ask_piecewise(target);
  ASSERT_TRUE(answer) << answer.error().detail;
  EXPECT_EQ(answer->body.size(), 6000u);
}

// Without TLS's goodbye nobody knows whether an answer without a length is whole.
TEST_F(UpstreamTls, AnEndWithoutGoodbyeIsATruncatedAnswer) {
  auto context = server_with(certificates.issue("localhost"));
  ScriptedUpstream cut(context, [](Peer& peer) {
    if (peer.read()) peer.send("HTTP/1.0 200 OK\r\n\r\nhalf");
    peer.socket().shutdown(test::net::socket_base::shutdown_send);
    peer.wait_for_close();
  });
  const auto cut_target = target_at(cut);
  const auto answer = rig.ask(cut_target);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::upstream_unavailable);

  ScriptedUpstream whole(context, [](Peer& peer) {
    if (peer.read()) peer.send("HTTP/1.0 200 OK\r\n\r\nwhole");
  });
  const auto whole_target = target_at(whole);
  const auto second = rig.ask(whole_target);
  ASSERT_TRUE(second) << second.error().detail;
  EXPECT_EQ(second->body, "whole");
}

}  // namespace
}  // namespace gateway::upstream

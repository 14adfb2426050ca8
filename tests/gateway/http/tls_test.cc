// TLS at our own door: what is spoken, what is not, and what a handshake may cost.

#include <chrono>
#include <memory>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include "tests/gateway/http/live_door.h"
#include "tests/support/test_certificates.h"
#include "tests/support/tls_ports.h"

namespace gateway::http {
namespace {

using std::chrono::milliseconds;
using test::RawClient;
using testing::ElementsAre;
using testing::HasSubstr;

config::DoorTls files_of(const test::ServerCertificate& certificate) {
  config::DoorTls tls;
  tls.certificate = certificate.certificate_file;
  tls.key = certificate.key_file;
  return tls;
}

class DoorTls : public testing::Test {
 protected:
  config::Server limits() {
    config::Server out;
    out.tls = files_of(certificates.issue("127.0.0.1"));
    return out;
  }
  // The test clients speak TLS to it.
  void announce(const LiveDoor& door) {
    test::port_speaks_tls(door.port(), certificates.ca_file());
  }

  test::TestCertificates certificates;
};

// A client whose TLS is a test's own: handshake and what was agreed on.
struct Shaken {
  bool done = false;
  std::string version;
  std::string cipher;
  std::string protocol;
  std::string subject;
  bool resumed = false;
};

class OwnClient {
 public:
  explicit OwnClient(std::uint16_t port) : port_(port), context_(SSL_CTX_new(TLS_client_method())) {
    SSL_CTX_set_session_cache_mode(context_, SSL_SESS_CACHE_CLIENT);
    SSL_CTX_sess_set_new_cb(context_, keep);
    SSL_CTX_set_app_data(context_, this);
  }
  ~OwnClient() {
    if (session_ != nullptr) SSL_SESSION_free(session_);
    SSL_CTX_free(context_);
  }
  OwnClient(const OwnClient&) = delete;
  OwnClient& operator=(const OwnClient&) = delete;

  SSL_CTX* context() { return context_; }

  Shaken shake() {
    // Bare: the port's announcement does not count for it.
    test::port_is_free_again(port_);
    RawClient socket(port_);
    SSL* ssl = SSL_new(context_);
    SSL_set_fd(ssl, socket.native_handle());
    if (session_ != nullptr) SSL_set_session(ssl, session_);
    ERR_clear_error();
    Shaken out;
    out.done = SSL_connect(ssl) == 1;
    if (out.done) {
      out.version = SSL_get_version(ssl);
      out.cipher = SSL_get_cipher_name(ssl);
      const unsigned char* protocol = nullptr;
      unsigned int size = 0;
      SSL_get0_alpn_selected(ssl, &protocol, &size);
      out.protocol.assign(reinterpret_cast<const char*>(protocol), size);
      X509* certificate = SSL_get1_peer_certificate(ssl);
      char name[256];
      X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, name,
                                sizeof name);
      X509_free(certificate);
      out.subject = name;
      out.resumed = SSL_session_reused(ssl) == 1;
      // A ticket comes with the first answer.
      constexpr std::string_view kAsk = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
      SSL_write(ssl, kAsk.data(), static_cast<int>(kAsk.size()));
      char answer[4096];
      SSL_read(ssl, answer, sizeof answer);
      SSL_shutdown(ssl);
    }
    SSL_free(ssl);
    return out;
  }

 private:
  static int keep(SSL* ssl, SSL_SESSION* session) {
    auto* self = static_cast<OwnClient*>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl)));
    if (self->session_ != nullptr) SSL_SESSION_free(self->session_);
    self->session_ = session;
    return 1;
  }

  const std::uint16_t port_;
  SSL_CTX* context_;
  SSL_SESSION* session_ = nullptr;
};

TEST_F(DoorTls, RequestsAreAnsweredOneAfterTheOther) {
  LiveDoor door(limits());
  announce(door);
  RawClient client(door.port());
  ASSERT_TRUE(client.secure());
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(client.send(chat_request(R"({"model":"m"})")));
    const auto answer = client.receive();
    ASSERT_TRUE(answer && answer->whole);
    EXPECT_EQ(answer->body, R"({"model":"m"})");
  }
  EXPECT_THAT(door.handshakes(1), ElementsAre(Handshake::done));
}

TEST_F(DoorTls, LargeBodiesPassBothWays) {
  LiveDoor door(limits());
  announce(door);
  RawClient client(door.port());
  const std::string body = "{" + std::string(5'000'000, 'b') + "}";
  ASSERT_TRUE(client.send(chat_request(body)));
  const auto answer = client.receive();
  ASSERT_TRUE(answer && answer->whole);
  EXPECT_TRUE(answer->body == body);
}

TEST_F(DoorTls, OnlyModernTlsIsSpoken) {
  LiveDoor door(limits());
  {
    OwnClient client(door.port());
    const Shaken shaken = client.shake();
    ASSERT_TRUE(shaken.done);
    EXPECT_EQ(shaken.version, "TLSv1.3");
  }
  {
    OwnClient client(door.port());
    SSL_CTX_set_max_proto_version(client.context(), TLS1_2_VERSION);
    const Shaken shaken = client.shake();
    ASSERT_TRUE(shaken.done);
    EXPECT_THAT(shaken.cipher, testing::MatchesRegex("ECDHE-.*(GCM|POLY1305).*"));
  }
  {
    OwnClient client(door.port());
    SSL_CTX_set_max_proto_version(client.context(), TLS1_2_VERSION);
    SSL_CTX_set_cipher_list(client.context(), "ECDHE-ECDSA-AES128-SHA256:ECDHE-ECDSA-AES256-SHA");
    EXPECT_FALSE(client.shake().done) << "CBC";
  }
  {
    OwnClient client(door.port());
    SSL_CTX_set_security_level(client.context(), 0);
    SSL_CTX_set_min_proto_version(client.context(), TLS1_VERSION);
    SSL_CTX_set_max_proto_version(client.context(), TLS1_1_VERSION);
    EXPECT_FALSE(client.shake().done);
  }
  EXPECT_THAT(door.handshakes(4),
              ElementsAre(Handshake::done, Handshake::done, Handshake::failed, Handshake::failed));
}

TEST_F(DoorTls, TheProtocolIsHttp11OrNone) {
  LiveDoor door(limits());
  OwnClient both(door.port());
  constexpr unsigned char kBoth[] = "\x02h2\x08http/1.1";
  SSL_CTX_set_alpn_protos(both.context(), kBoth, sizeof kBoth - 1);
  EXPECT_EQ(both.shake().protocol, "http/1.1");

  OwnClient other(door.port());
  constexpr unsigned char kOther[] = "\x02h2";
  SSL_CTX_set_alpn_protos(other.context(), kOther, sizeof kOther - 1);
  EXPECT_FALSE(other.shake().done) << "it would speak what we do not";
}

TEST_F(DoorTls, SessionsAreResumed) {
  LiveDoor door(limits());
  OwnClient client(door.port());
  EXPECT_FALSE(client.shake().resumed);
  EXPECT_TRUE(client.shake().resumed);
}

TEST_F(DoorTls, PlainHttpIsToldToSpeakTls) {
  LiveDoor door(limits());
  test::port_is_free_again(door.port());
  RawClient client(door.port());
  ASSERT_TRUE(client.send(chat_request()));
  const auto answer = client.receive();
  ASSERT_TRUE(answer && answer->whole);
  EXPECT_EQ(answer->status, 400U);
  EXPECT_THAT(answer->body, HasSubstr("https://"));
  EXPECT_TRUE(client.closed());
  EXPECT_THAT(door.served(), testing::IsEmpty());
  EXPECT_THAT(door.handshakes(1), ElementsAre(Handshake::plain_http));
}

TEST_F(DoorTls, NoiseIsClosed) {
  LiveDoor door(limits());
  test::port_is_free_again(door.port());
  RawClient client(door.port());
  ASSERT_TRUE(client.send(std::string("\x16\x03\x01\x02", 4) + std::string(600, '\x41')));
  EXPECT_TRUE(client.closed());
  EXPECT_THAT(door.handshakes(1), ElementsAre(Handshake::failed));
}

TEST_F(DoorTls, AHandshakeHasATimeLimit) {
  auto impatient = limits();
  impatient.tls.handshake_timeout = milliseconds(60);
  LiveDoor door(impatient);
  test::port_is_free_again(door.port());
  RawClient silent(door.port());
  RawClient half(door.port());
  ASSERT_TRUE(half.send(std::string("\x16\x03\x01", 3)));
  EXPECT_TRUE(silent.closed());
  EXPECT_TRUE(half.closed());
  EXPECT_THAT(door.handshakes(2), ElementsAre(Handshake::timed_out, Handshake::timed_out));
}

TEST_F(DoorTls, HandshakesBeyondTheMostAreClosedAndThoseBeforeGoOn) {
  auto narrow = limits();
  narrow.tls.handshakes_at_once = 1;
  LiveDoor door(narrow);
  test::port_is_free_again(door.port());
  RawClient silent(door.port());  // who has said nothing takes no place
  RawClient first(door.port());
  ASSERT_TRUE(first.send(std::string("\x16\x03\x01", 3)));
  ASSERT_TRUE(door.open_connections_become(2));
  // Until the first one's bytes have been looked at, another would still have room.
  ASSERT_TRUE(first.quiet_for(milliseconds(50)));
  RawClient second(door.port());
  ASSERT_TRUE(second.send(std::string("\x16\x03\x01", 3)));
  EXPECT_TRUE(second.closed());
  EXPECT_THAT(door.handshakes(1), ElementsAre(Handshake::too_many));
  EXPECT_TRUE(first.quiet_for(milliseconds(20)));
  first.reset();
  EXPECT_THAT(door.handshakes(2), ElementsAre(Handshake::too_many, Handshake::failed));
  announce(door);
  RawClient next(door.port());
  EXPECT_TRUE(next.secure());
}

TEST_F(DoorTls, ManyHandshakesAtOnceAllEnd) {
  LiveDoor door(limits());
  std::vector<std::thread> clients;
  std::atomic<int> shaken{0};
  for (int i = 0; i < 8; ++i) {
    clients.emplace_back([&] {
      for (int n = 0; n < 25; ++n) {
        OwnClient client(door.port());
        if (client.shake().done) ++shaken;
      }
    });
  }
  for (auto& client : clients) client.join();
  EXPECT_EQ(shaken, 200);
}

TEST_F(DoorTls, AReplacedCertificateCountsForTheNextClientAndBreaksNobody) {
  LiveDoor door(limits());
  announce(door);
  RawClient old(door.port());
  ASSERT_TRUE(old.send(chat_request("{}")));
  ASSERT_TRUE(old.receive());

  door.use_certificate(files_of(certificates.issue("renewed.test")));
  OwnClient client(door.port());
  EXPECT_EQ(client.shake().subject, "renewed.test");
  ASSERT_TRUE(old.send(chat_request("{}")));
  EXPECT_TRUE(old.receive());
}

// Its end of the connection is a record that has to be decrypted first.
TEST_F(DoorTls, AClientThatLeavesIsNoticed) {
  for (const bool in_order : {true, false}) {
    LiveDoor door(limits());
    announce(door);
    RawClient client(door.port());
    ASSERT_TRUE(client.send("GET /wait HTTP/1.1\r\nHost: x\r\n\r\n"));
    EXPECT_TRUE(client.quiet_for(milliseconds(30)));
    if (in_order) {
      client.shutdown_send();
    } else {
      client.reset();
    }
    EXPECT_TRUE(door.open_connections_become(0));
    EXPECT_EQ(door.clients_seen_leaving(), 1U);
  }
}

TEST_F(DoorTls, AClientThatSendsItsNextRequestEarlyHasNotLeft) {
  LiveDoor door(limits());
  announce(door);
  RawClient client(door.port());
  const std::string wait = "GET /wait HTTP/1.1\r\nHost: x\r\n\r\n";
  ASSERT_TRUE(client.send(wait));
  ASSERT_TRUE(client.quiet_for(milliseconds(30)));
  ASSERT_TRUE(client.send(wait));
  EXPECT_TRUE(client.quiet_for(milliseconds(150)));
  client.reset();
  EXPECT_TRUE(door.open_connections_become(0));
  EXPECT_EQ(door.clients_seen_leaving(), 1U);
}

TEST_F(DoorTls, AStreamThatEndsWithTheConnectionEndsWithAGoodbye) {
  LiveDoor door(limits());
  OwnClient client(door.port());
  test::port_is_free_again(door.port());
  for (const auto& [path, whole] : {std::pair("/stream", true), std::pair("/cut-stream", false)}) {
    RawClient socket(door.port());
    SSL* ssl = SSL_new(client.context());
    SSL_set_fd(ssl, socket.native_handle());
    ASSERT_EQ(SSL_connect(ssl), 1);
    const std::string ask = std::string("GET ") + path + " HTTP/1.0\r\n\r\n";
    SSL_write(ssl, ask.data(), static_cast<int>(ask.size()));
    char bytes[4096];
    int got = 0;
    while ((got = SSL_read(ssl, bytes, sizeof bytes)) > 0) {
    }
    EXPECT_EQ(SSL_get_error(ssl, got) == SSL_ERROR_ZERO_RETURN, whole) << path;
    SSL_free(ssl);
  }
}

}  // namespace
}  // namespace gateway::http

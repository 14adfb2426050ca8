// TLS at the real gateway's doors: certificates that are replaced while it runs, and what
// `tollgate check` says of those that cannot be used. The rest of TLS is every other test of
// this program, which runs a second time with TOLLGATE_TEST_TLS=1.

#include <csignal>
#include <filesystem>
#include <fstream>
#include <string>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <openssl/ssl.h>

#include "tests/e2e/gateway_fixture.h"
#include "tests/support/door_tls.h"
#include "tests/support/raw_client.h"
#include "tests/support/test_certificates.h"
#include "tests/support/tls_ports.h"
#include "tests/support/wait_for.h"

namespace e2e {
namespace {

using std::chrono::seconds;
using test::ServerCertificate;
using testing::HasSubstr;

// The name in the certificate that a server shows.
std::string shown_by(std::uint16_t port) {
  test::port_is_free_again(port);  // the handshake is ours
  test::RawClient socket(port);
  SSL_CTX* context = SSL_CTX_new(TLS_client_method());
  SSL* ssl = SSL_new(context);
  SSL_set_fd(ssl, socket.native_handle());
  std::string name = "no handshake";
  if (SSL_connect(ssl) == 1) {
    X509* certificate = SSL_get1_peer_certificate(ssl);
    char text[256] = {};
    X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, text,
                              sizeof text);
    X509_free(certificate);
    name = text;
  }
  SSL_free(ssl);
  SSL_CTX_free(context);
  return name;
}

std::string file_text(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

class Certificates : public testing::Test {
 protected:
  // The files that the configuration names; moved over, as certbot and kubelet do.
  void show(const ServerCertificate& next) { show(next.certificate_file, next.key_file); }
  void show(const std::string& certificate, const std::string& key) {
    for (const auto& [from, to] : {std::pair(certificate, folder_.file("cert.pem")),
                                   std::pair(key, folder_.file("key.pem"))}) {
      std::filesystem::copy_file(from, to + ".new");
      std::filesystem::rename(to + ".new", to);
    }
  }

  std::string with_tls() {
    const std::string setting = fmt::format(", tls: {{certificate: \"{}\", key: \"{}\"}}",
                                            folder_.file("cert.pem"), folder_.file("key.pem"));
    std::string text = configuration(upstream_.url());
    if (const auto* everywhere = test::door_tls()) {
      for (std::size_t at = 0; (at = text.find(everywhere->setting)) != std::string::npos;) {
        text.erase(at, everywhere->setting.size());
      }
    }
    for (const std::string_view place : {"workers: 2", "admin: {listen: \"127.0.0.1:0\""}) {
      text.insert(text.find(place) + place.size(), setting);
    }
    return text;
  }

  // What `tollgate check` says of `config`.
  std::string checked(const std::string& config) {
    const auto file = folder_.file("checked.yaml");
    std::ofstream(file) << config;
    test::ChildProcess check(TOLLGATE_PROGRAM, {"check", "--config", file}, {},
                             folder_.file("check.log"));
    check.wait(seconds(10));
    return check.log();
  }

  test::TempDir folder_;
  test::TestCertificates certificates_;
  simulator::Simulator upstream_;
};

TEST_F(Certificates, AreReadAgainWhenTheirFilesChangeAndBadOnesChangeNothing) {
  const auto first = certificates_.issue("first.test");
  show(first);
  test::GatewayProcess gateway(TOLLGATE_PROGRAM, with_tls());
  EXPECT_EQ(shown_by(gateway.client_port()), "first.test");
  EXPECT_EQ(shown_by(gateway.admin_port()), "first.test");

  const auto second = certificates_.issue("second.test");
  show(second);
  EXPECT_TRUE(test::wait_for(seconds(20),
                             [&] { return shown_by(gateway.client_port()) == "second.test"; }));
  EXPECT_EQ(shown_by(gateway.admin_port()), "second.test");

  // A key that fits another certificate.
  show(second.certificate_file, first.key_file);
  EXPECT_TRUE(test::wait_for(seconds(20), [&] {
    return gateway.log().find("configuration refused; the old one stays") != std::string::npos;
  }));
  EXPECT_THAT(gateway.log(), HasSubstr("does not fit"));
  EXPECT_EQ(shown_by(gateway.client_port()), "second.test");

  // Mended, and told to look by hand.
  show(first);
  gateway.process().signal(SIGHUP);
  EXPECT_TRUE(
      test::wait_for(seconds(20), [&] { return shown_by(gateway.client_port()) == "first.test"; }));
  EXPECT_EQ(gateway.stop(), 0);

  // Neither key is anywhere in what was said.
  for (const auto& key : {first.key_file, second.key_file}) {
    const std::string text = file_text(key);
    const auto line = text.substr(text.find('\n') + 1, 40);
    EXPECT_EQ(gateway.log().find(line), std::string::npos);
  }
}

// Whatever stands in it: the command line knows it by its file.
TEST_F(Certificates, OfAnAdminDoorIsAllThatTheCommandLineGoesBy) {
  const auto list_keys = [&](const std::string& config) {
    test::ChildProcess list(TOLLGATE_PROGRAM, {"keys", "list", "--config", config}, {},
                            folder_.file("list.log"));
    const auto status = list.wait(seconds(20));
    return fmt::format("{} {}", status.value_or(-1), list.log());
  };
  for (const auto& ours : {certificates_.nameless("nobody"), certificates_.issue("elsewhere.test"),
                           certificates_.self_signed("old.test", -1)}) {
    SCOPED_TRACE(ours.certificate_file);
    show(ours);
    const std::string config = with_tls();
    test::GatewayProcess gateway(TOLLGATE_PROGRAM, config);
    EXPECT_THAT(list_keys(gateway.folder().file("tollgate.yaml")), testing::StartsWith("0 "));

    // Another is not it, though an authority vouches for its name.
    const auto other = certificates_.issue("127.0.0.1");
    std::string with_other = config;
    for (const auto& [from, to] : {std::pair(folder_.file("cert.pem"), other.certificate_file),
                                   std::pair(folder_.file("key.pem"), other.key_file)}) {
      for (std::size_t at = 0; (at = with_other.find(from, at)) != std::string::npos;) {
        with_other.replace(at, from.size(), to);
      }
    }
    const auto file = gateway.folder().file("other.yaml");
    std::ofstream(file) << with_other;
    EXPECT_THAT(list_keys(file), HasSubstr("does not answer (TLS handshake: "));
    EXPECT_EQ(gateway.stop(), 0) << gateway.log();
  }
}

TEST_F(Certificates, ARefusedOneIsCountedAsARefusedReload) {
  const auto ours = certificates_.issue("127.0.0.1");
  show(ours);
  test::GatewayProcess gateway(TOLLGATE_PROGRAM, with_tls());
  test::port_speaks_tls(gateway.admin_port(), certificates_.ca_file());
  test::HttpClient admin(gateway.admin_port());
  const auto metrics = [&] { return admin.get("/metrics").body; };
  EXPECT_THAT(metrics(), HasSubstr("tollgate_tls_certificate_expires_timestamp_seconds{"
                                   "door=\"server\"}"));
  EXPECT_THAT(metrics(), HasSubstr("tollgate_config_reload_failed_total 0"));
  std::ofstream(folder_.file("cert.pem")) << "nothing";
  EXPECT_TRUE(test::wait_for(seconds(20), [&] {
    return metrics().find("tollgate_config_reload_failed_total 1") != std::string::npos;
  }));
}

TEST_F(Certificates, ThatCannotBeUsedAreProblemsThatSayHowToMendThem) {
  const auto ours = certificates_.issue("ours.test");
  const auto other = certificates_.issue("other.test");
  show(ours);
  const std::string good = with_tls();
  EXPECT_THAT(checked(good), testing::Not(HasSubstr("tls")));

  show(ours.certificate_file, other.key_file);
  EXPECT_THAT(checked(good),
              HasSubstr("server.tls: the key in " + folder_.file("key.pem") +
                        " does not fit the first certificate in " + folder_.file("cert.pem")));
  show(ours.key_file, ours.key_file);
  EXPECT_THAT(checked(good), HasSubstr("cert.pem holds no certificate in PEM"));
  show(ours.certificate_file, ours.certificate_file);
  EXPECT_THAT(checked(good), HasSubstr("key.pem holds no private key in PEM"));
  std::filesystem::remove(folder_.file("cert.pem"));
  EXPECT_THAT(checked(good), HasSubstr("server.tls.certificate: " + folder_.file("cert.pem") +
                                       " cannot be read: No such file or directory"));
  show(certificates_.issue("late.test", -1));
  EXPECT_THAT(checked(good), HasSubstr("has expired on "));
}

}  // namespace
}  // namespace e2e

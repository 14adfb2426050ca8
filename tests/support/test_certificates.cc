#include "tests/support/test_certificates.h"

#include <cstdio>
#include <stdexcept>
#include <stdlib.h>
#include <sys/stat.h>

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

namespace test {
namespace {

template <auto kFree>
struct Free {
  void operator()(auto* object) const { kFree(object); }
};
using Key = std::unique_ptr<EVP_PKEY, Free<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Free<X509_free>>;
using File = std::unique_ptr<std::FILE, Free<std::fclose>>;

void must(bool good, const char* what) {
  if (!good) throw std::runtime_error(std::string("test certificates: ") + what);
}

void extend(X509* certificate, X509* issuer, int kind, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str());
  must(extension != nullptr && X509_add_ext(certificate, extension, -1) == 1, "extension");
  X509_EXTENSION_free(extension);
}

// A certificate for `key`, to be signed: a month old, so that it can have expired since.
Certificate draft(EVP_PKEY* key, const std::string& name, int serial, int days_left) {
  Certificate certificate(X509_new());
  X509* x = certificate.get();
  X509_set_version(x, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(x), serial);
  constexpr long kDay = 24 * 60 * 60;
  X509_gmtime_adj(X509_getm_notBefore(x), -30 * kDay);
  X509_gmtime_adj(X509_getm_notAfter(x), days_left * kDay);
  X509_set_pubkey(x, key);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
  return certificate;
}

void save(const std::filesystem::path& path, X509* certificate) {
  File file(std::fopen(path.c_str(), "w"));
  must(file && PEM_write_X509(file.get(), certificate) == 1, "write certificate");
}

void save(const std::filesystem::path& path, EVP_PKEY* key) {
  File file(std::fopen(path.c_str(), "w"));
  must(file && ::fchmod(::fileno(file.get()), S_IRUSR | S_IWUSR) == 0, "keep the key to ourselves");
  must(file && PEM_write_PrivateKey(file.get(), key, nullptr, nullptr, 0, nullptr, nullptr) == 1,
       "write key");
}

std::string alternative_name(const std::string& name) {
  const bool address = name.find_first_not_of("0123456789.") == std::string::npos;
  return (address ? "IP:" : "DNS:") + name;
}

}  // namespace

struct TestCertificates::Authority {
  Key key{EVP_EC_gen("P-256")};
  Certificate certificate;
};

TestCertificates::TestCertificates() : authority_(std::make_unique<Authority>()) {
  std::string folder = (std::filesystem::temp_directory_path() / "certificates-XXXXXX").string();
  must(::mkdtemp(folder.data()) != nullptr, "folder");
  folder_ = folder;

  Authority& ca = *authority_;
  ca.certificate = draft(ca.key.get(), "authority of " + folder_.filename().string(), 1, 365);
  X509* x = ca.certificate.get();
  X509_set_issuer_name(x, X509_get_subject_name(x));
  extend(x, x, NID_basic_constraints, "critical,CA:TRUE");
  extend(x, x, NID_key_usage, "critical,keyCertSign,cRLSign");
  extend(x, x, NID_subject_key_identifier, "hash");
  must(X509_sign(x, ca.key.get(), EVP_sha256()) > 0, "sign");
  save(folder_ / "ca.pem", x);
}

TestCertificates::~TestCertificates() {
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

std::string TestCertificates::ca_file() const {
  return (folder_ / "ca.pem").string();
}

ServerCertificate TestCertificates::issue(const std::string& name, int days_left) {
  const Key key(EVP_EC_gen("P-256"));
  const std::string stem = std::to_string(++issued_);
  const Certificate certificate = draft(key.get(), name, 100 + issued_, days_left);
  X509* issuer = authority_->certificate.get();
  X509_set_issuer_name(certificate.get(), X509_get_subject_name(issuer));
  extend(certificate.get(), issuer, NID_subject_alt_name, alternative_name(name));
  extend(certificate.get(), issuer, NID_ext_key_usage, "serverAuth");
  must(X509_sign(certificate.get(), authority_->key.get(), EVP_sha256()) > 0, "sign");

  save(folder_ / (stem + ".pem"), certificate.get());
  save(folder_ / (stem + ".key"), key.get());
  return {(folder_ / (stem + ".pem")).string(), (folder_ / (stem + ".key")).string()};
}

std::string TestCertificates::revoke(const std::vector<ServerCertificate>& certificates,
                                     int days_left) {
  constexpr long kDay = 24 * 60 * 60;
  const std::unique_ptr<X509_CRL, Free<X509_CRL_free>> list(X509_CRL_new());
  const std::unique_ptr<ASN1_TIME, Free<ASN1_TIME_free>> made(X509_gmtime_adj(nullptr, -30 * kDay));
  const std::unique_ptr<ASN1_TIME, Free<ASN1_TIME_free>> next(
      X509_gmtime_adj(nullptr, days_left * kDay));
  X509_CRL_set_version(list.get(), X509_CRL_VERSION_2);
  X509_CRL_set_issuer_name(list.get(), X509_get_subject_name(authority_->certificate.get()));
  X509_CRL_set1_lastUpdate(list.get(), made.get());
  X509_CRL_set1_nextUpdate(list.get(), next.get());
  for (const ServerCertificate& one : certificates) {
    const File file(std::fopen(one.certificate_file.c_str(), "r"));
    must(file != nullptr, "open certificate");
    const Certificate certificate(PEM_read_X509(file.get(), nullptr, nullptr, nullptr));
    must(certificate != nullptr, "read certificate");
    X509_REVOKED* entry = X509_REVOKED_new();
    X509_REVOKED_set_serialNumber(entry, X509_get_serialNumber(certificate.get()));
    X509_REVOKED_set_revocationDate(entry, made.get());
    must(X509_CRL_add0_revoked(list.get(), entry) == 1, "revoke");
  }
  must(X509_CRL_sign(list.get(), authority_->key.get(), EVP_sha256()) > 0, "sign");
  const auto path = folder_ / "crl.pem";
  const auto written = folder_ / "crl.pem.new";
  {
    const File file(std::fopen(written.c_str(), "w"));
    must(file && PEM_write_X509_CRL(file.get(), list.get()) == 1, "write list");
  }
  std::filesystem::rename(written, path);
  return path.string();
}

ServerCertificate TestCertificates::self_signed(const std::string& name, int days_left) {
  return self_signed(name, days_left, true);
}

ServerCertificate TestCertificates::nameless(const std::string& name) {
  return self_signed(name, 30, false);
}

ServerCertificate TestCertificates::self_signed(const std::string& name, int days_left,
                                                bool named) {
  const Key key(EVP_EC_gen("P-256"));
  const std::string stem = std::to_string(++issued_);
  const Certificate certificate = draft(key.get(), name, 100 + issued_, days_left);
  X509* x = certificate.get();
  X509_set_issuer_name(x, X509_get_subject_name(x));
  if (named) extend(x, x, NID_subject_alt_name, alternative_name(name));
  must(X509_sign(x, key.get(), EVP_sha256()) > 0, "sign");

  save(folder_ / (stem + ".pem"), x);
  save(folder_ / (stem + ".key"), key.get());
  return {(folder_ / (stem + ".pem")).string(), (folder_ / (stem + ".key")).string()};
}

}  // namespace test

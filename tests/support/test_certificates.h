#pragma once
// Certificates made when a test runs, in a folder of its own that goes with it: an
// authority, and servers signed by it or not. Nothing secret rests in the repository
// and nothing expires there.

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace test {

struct ServerCertificate {
  std::string certificate_file;
  std::string key_file;
};

class TestCertificates {
 public:
  TestCertificates();
  ~TestCertificates();
  TestCertificates(const TestCertificates&) = delete;
  TestCertificates& operator=(const TestCertificates&) = delete;

  // The authority, as a gateway is told to trust it.
  std::string ca_file() const;

  // Signed by the authority for `name` ("localhost", "127.0.0.1"), valid from a month
  // ago until `days_left` from now: negative is expired.
  ServerCertificate issue(const std::string& name, int days_left = 30);

  // A list of the authority's that revokes these, and nothing else; good until `days_left` from
  // now. Each takes the place of the one before.
  std::string revoke(const std::vector<ServerCertificate>& certificates, int days_left = 30);

  // Signed by nobody but itself.
  ServerCertificate self_signed(const std::string& name, int days_left = 30);

  // The same without a name that counts: `name` is its subject's alone.
  ServerCertificate nameless(const std::string& name);

 private:
  ServerCertificate self_signed(const std::string& name, int days_left, bool named);

  struct Authority;
  std::filesystem::path folder_;
  std::unique_ptr<Authority> authority_;
  int issued_ = 0;
};

}  // namespace test

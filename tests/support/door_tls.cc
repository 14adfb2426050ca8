#include "tests/support/door_tls.h"

#include <cstdlib>
#include <memory>

#include "tests/support/test_certificates.h"
#include "tests/support/tls_ports.h"

namespace test {

const DoorTls* door_tls() {
  // NOLINTNEXTLINE(concurrency-mt-unsafe): nothing here changes the environment
  static const bool on = std::getenv("TOLLGATE_TEST_TLS") != nullptr;
  if (!on) return nullptr;
  static TestCertificates certificates;
  static const DoorTls tls = [] {
    const ServerCertificate ours = certificates.issue("127.0.0.1");
    return DoorTls{
        ", tls: {certificate: \"" + ours.certificate_file + "\", key: \"" + ours.key_file + "\"}",
        certificates.ca_file(), ours.certificate_file, ours.key_file};
  }();
  return &tls;
}

void is_a_door(std::uint16_t port) {
  if (const DoorTls* tls = door_tls(); tls != nullptr) port_speaks_tls(port, tls->ca_file);
}

}  // namespace test

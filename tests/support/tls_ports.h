#pragma once
// Which ports of this machine speak TLS, so that the test clients do too: whoever starts a
// server there says so once, and no test is written twice. Any thread.

#include <cstdint>
#include <optional>
#include <string>

namespace test {

// `ca_file`: who signed the server's certificate, which names 127.0.0.1.
void port_speaks_tls(std::uint16_t port, const std::string& ca_file);
void port_is_free_again(std::uint16_t port);

// The CA file; nullopt: plain.
std::optional<std::string> tls_authority(std::uint16_t port);

}  // namespace test

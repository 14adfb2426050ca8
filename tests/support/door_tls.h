#pragma once
// The switch that has the gateways of a test program speak TLS at both doors:
// TOLLGATE_TEST_TLS=1 in its environment. One certificate for the program's life.

#include <cstdint>
#include <string>

namespace test {

struct DoorTls {
  std::string setting;  // of `server` and `admin`, beginning with a comma
  std::string ca_file;
  std::string certificate_file;
  std::string key_file;
};

// nullptr: the switch is off.
const DoorTls* door_tls();

// This port is a door of a gateway that was given `setting`, and clients of it speak TLS where the
// switch is on.
void is_a_door(std::uint16_t port);

}  // namespace test

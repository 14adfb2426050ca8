#pragma once
// Who may administer: tokens in files that only their owner can read; in memory there is
// nothing but their SHA-256. Made at start, then const; any thread.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "config/base/error.h"
#include "config/base/sha256.h"
#include "config/config.h"
#include "gateway/random.h"

namespace gateway::admin {

enum class Role : std::uint8_t { viewer, admin };  // a later one may all that an earlier one may
std::string_view to_string(Role role);

class Tokens {
 public:
  // Reads the files the configuration names; the admin's is made, with mode 0600, where
  // there is none. An Error's message is a line for the operator: a file that others may
  // read or write, that holds no token, or one that is easy to guess.
  static config::Result<Tokens> load(const config::Admin& settings, const Random& random);

  // Who presents this value of an Authorization field. Errors: invalid_key.
  config::Result<Role> role_of(std::string_view authorization) const;

 private:
  config::Sha256 admin_{};
  std::optional<config::Sha256> viewer_;
};

// The token in such a file, by the same rules; for the command line.
config::Result<std::string> read_token(const std::string& path);

}  // namespace gateway::admin

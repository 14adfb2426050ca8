#pragma once
// Makes the secrets of virtual keys: 256 random bits, shown once, kept as SHA-256. Pure but
// for the randomness it is given.

#include <string>

#include "config/base/secret.h"
#include "gateway/keys/stored_key.h"
#include "gateway/random.h"

namespace gateway::keys {

struct NewSecret {
  config::Secret text;  // "sk-tg-" and 64 hexadecimal digits
  SecretDigest kept;
};
NewSecret make_secret(const Random& random);

// "key_" and 16 hexadecimal digits.
std::string make_id(const Random& random);

}  // namespace gateway::keys

#pragma once
// A name that tells users apart without saying who they are. Pure.

#include <string>
#include <string_view>

namespace providers {

// 32 hexadecimal digits of SHA-256; the same for the same user, always.
std::string pseudonym(std::string_view user);

}  // namespace providers

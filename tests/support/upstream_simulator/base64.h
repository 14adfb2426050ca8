#pragma once
// Base64 and a look at UTF-8, for bodies that JSON cannot hold. Pure functions.

#include <optional>
#include <string>
#include <string_view>

namespace simulator {

std::string base64(std::string_view bytes);
std::optional<std::string> from_base64(std::string_view text);  // nullopt: no base64
bool is_utf8(std::string_view bytes);

}  // namespace simulator

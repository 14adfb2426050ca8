#pragma once
// Whether bytes are text. Pure.

#include <cstddef>
#include <string_view>

namespace config {

// Where the first byte stands that no well-formed UTF-8 has there (overlong forms,
// surrogates and code points beyond U+10FFFF included); text.size() if all is well.
std::size_t find_invalid_utf8(std::string_view text);

// A C0 control character or DEL.
constexpr bool is_control(char c) {
  return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
}

}  // namespace config

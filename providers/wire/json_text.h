#pragma once
// What may stand between the quotes of a JSON string, read and written in one
// place. Pure functions.

#include <cstddef>
#include <string>
#include <string_view>

namespace providers {

// Where the first malformed escape of a string's inside begins; npos: none. A
// \u escape that is half of a surrogate pair without the other half is malformed:
// no UTF-8 can express it.
std::size_t bad_escape(std::string_view inside);

// Appends the text that `inside`, free of malformed escapes, stands for.
void append_unescaped(std::string& out, std::string_view inside);

// Appends `text`, which is UTF-8, as the inside of a JSON string.
void append_escaped(std::string& out, std::string_view text);
// The same with quotes around.
void append_quoted(std::string& out, std::string_view text);
std::string quoted(std::string_view text);

// The longest prefix of at most `limit` bytes that cuts no UTF-8 character.
std::string_view utf8_prefix(std::string_view text, std::size_t limit);

}  // namespace providers

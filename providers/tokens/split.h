#pragma once
// How cl100k_base cuts a text into pieces before it looks for tokens: words with the blank
// before them, numbers of up to three digits, punctuation, blanks. A token never reaches
// over a cut. Pure; linear.

#include <cstddef>
#include <string_view>

namespace providers {

// Where the piece that begins at `at`, which is inside `text`, ends. `text` is UTF-8; a
// byte that is none counts as a character of its own.
std::size_t piece_end(std::string_view text, std::size_t at);

}  // namespace providers

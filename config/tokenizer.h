#pragma once
// Which vocabulary a model reads and writes in, where an operator says so: what its text is
// counted by when nobody reports a count.

#include <cstdint>

namespace config {

enum class Tokenizer : std::uint8_t {
  unknown,      // counted by a vocabulary of common size, with a margin
  cl100k_base,  // exact
};

}  // namespace config

#pragma once
// The tokenizer cl100k_base, exact: byte-pair merging over the published ranks. Special
// tokens ("<|endoftext|>") in a text are text. Pure, any thread; costs grow as n log n in
// the longest run of letters or signs, else with the text.

#include <cstdint>
#include <string_view>
#include <vector>

#include "providers/tokens/rank_table.h"

namespace providers::cl100k {

// How many tokens `text`, UTF-8, is. Allocates for pieces of more than a hundred bytes only.
std::int64_t count(std::string_view text);

// Appends them.
void encode(std::string_view text, std::vector<Rank>& out);

}  // namespace providers::cl100k

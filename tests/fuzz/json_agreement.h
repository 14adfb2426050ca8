#pragma once
// JsonDocument held against simdjson's DOM parser: the same verdict on every text and
// the same values in it. Where they may differ is what only one of them can hold:
// numbers beyond a double or 64 bits, and nesting beyond our limit.

#include <string_view>

namespace fuzz {

void check_json_agreement(std::string_view text);

// Ours alone, for what we produce: ends the process when `text` is no JSON.
void check_is_json(std::string_view text, std::string_view whose);

}  // namespace fuzz

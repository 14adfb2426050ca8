#pragma once
// "Did you mean …?" Pure.

#include <string>
#include <string_view>
#include <vector>

namespace config {

// `; did you mean "timeouts"?`, or nothing where no known word is near enough.
std::string did_you_mean(std::string_view word, const std::vector<std::string_view>& known);

// With a full stop behind it, unless it ends by asking.
std::string as_sentence(std::string text);

// `word` in quotes for a message: one line, cut where it is long.
std::string in_quotes(std::string_view word);

}  // namespace config

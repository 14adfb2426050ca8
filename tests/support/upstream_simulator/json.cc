#include "tests/support/upstream_simulator/json.h"

namespace simulator {

std::string to_text(const js::value& value) {
  constexpr std::string_view kMark = "\"\\u0001#";
  std::string text = js::serialize(value);
  for (auto at = text.find(kMark); at != std::string::npos; at = text.find(kMark, at)) {
    const auto quote = text.find('"', at + kMark.size());
    text.erase(quote, 1);
    text.erase(at, kMark.size());
  }
  return text;
}

}  // namespace simulator

#include "config/nearest.h"

#include <algorithm>
#include <numeric>

#include <fmt/format.h>

#include "config/base/utf8.h"

namespace config {
namespace {

constexpr std::size_t kLongestCompared = 64;
constexpr std::size_t kLongestShown = 80;

// Insertions, deletions, substitutions and swaps of neighbours between two words.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> last(b.size() + 1);
  std::iota(last.begin(), last.end(), std::size_t{0});
  std::vector<std::size_t> before_last(b.size() + 1);
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t i = 0; i < a.size(); ++i) {
    row[0] = i + 1;
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t substituted = last[j] + (a[i] == b[j] ? 0 : 1);
      row[j + 1] = std::min({substituted, row[j] + 1, last[j + 1] + 1});
      const bool swapped = i > 0 && j > 0 && a[i] == b[j - 1] && a[i - 1] == b[j];
      if (swapped) row[j + 1] = std::min(row[j + 1], before_last[j - 1] + 1);
    }
    before_last.swap(last);
    last.swap(row);
  }
  return last[b.size()];
}

}  // namespace

std::string did_you_mean(std::string_view word, const std::vector<std::string_view>& known) {
  if (word.size() > kLongestCompared) return {};
  std::string_view best;
  std::size_t best_distance = (word.size() + 2) / 3 + 1;
  for (const auto candidate : known) {
    if (candidate.size() > kLongestCompared) continue;
    const auto d = distance(word, candidate);
    if (d >= best_distance) continue;
    best = candidate;
    best_distance = d;
  }
  if (best.empty()) return {};
  return fmt::format("; did you mean {}?", in_quotes(best));
}

std::string as_sentence(std::string text) {
  if (!text.ends_with('?')) text += '.';
  return text;
}

std::string in_quotes(std::string_view word) {
  std::string out = "\"";
  for (const char c : word.substr(0, kLongestShown)) out += is_control(c) ? '?' : c;
  // Not in the middle of a character.
  if (word.size() > kLongestShown) {
    out.resize(find_invalid_utf8(out));
    out += "…";
  }
  return out + '"';
}

}  // namespace config

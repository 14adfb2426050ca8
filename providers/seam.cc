#include "providers/seam.h"

#include <algorithm>
#include <utility>

namespace providers {
namespace {

constexpr std::string_view kBlanks = " \t\r\n";

// Shorter ones ("I", "a.") begin too many answers; and how far back a blank is looked for.
constexpr std::size_t kShortestProof = 6;
constexpr std::size_t kLongestProof = 48;

bool is_blank(char byte) {
  return kBlanks.find(byte) != std::string_view::npos;
}

bool continues_a_character(char byte) {
  return (static_cast<unsigned char>(byte) & 0xC0U) == 0x80U;
}

std::string_view without_blanks_before(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(kBlanks), text.size()));
  return text;
}

}  // namespace

std::size_t given_of(std::string_view delivered) {
  if (delivered.size() <= kShortestProof) return 0;
  const std::size_t furthest = delivered.size() - std::min(delivered.size(), kLongestProof);
  const std::size_t latest = delivered.size() - kShortestProof;
  for (std::size_t at = latest; at > furthest; --at) {
    if (!is_blank(delivered[at]) || is_blank(delivered[at - 1])) continue;
    if (!without_blanks_before(delivered.substr(at)).empty()) return at;
  }
  if (furthest == 0) return 0;
  std::size_t at = latest;
  while (at > 0 && continues_a_character(delivered[at])) --at;
  return is_blank(delivered[at]) || is_blank(delivered[at - 1]) ? 0 : at;
}

Seam::Seam(std::string delivered, std::size_t given)
    : delivered_(std::move(delivered)), given_(given) {}

Seam::Fit Seam::take(std::string_view text, std::string& out) {
  if (fit_ == Fit::fits) {
    out.append(text);
    return fit_;
  }
  if (fit_ == Fit::does_not) return fit_;
  begin_.append(text);
  return decide(false, out);
}

Seam::Fit Seam::end(std::string& out) {
  return fit_ == Fit::undecided ? decide(true, out) : fit_;
}

Seam::Fit Seam::decide(bool ended, std::string& out) {
  const std::string_view all = without_blanks_before(delivered_);
  const std::string_view proof = without_blanks_before(std::string_view(delivered_).substr(given_));
  const std::string_view said = without_blanks_before(begin_);
  const std::size_t blanks = begin_.size() - said.size();
  if (said.starts_with(all) && !(said.empty() && !ended)) return goes_on(blanks + all.size(), out);
  if (all.starts_with(said) && !(ended && said == proof)) {
    return fit_ = ended ? Fit::does_not : Fit::undecided;
  }
  if (said.starts_with(proof)) return goes_on(blanks + proof.size(), out);
  if (proof.starts_with(said) && !ended) return Fit::undecided;
  return fit_ = Fit::does_not;
}

Seam::Fit Seam::goes_on(std::size_t from, std::string& out) {
  out.append(begin_, from);
  begin_.resize(from);
  return fit_ = Fit::fits;
}

}  // namespace providers

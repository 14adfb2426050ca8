#include "providers/tokens/cl100k.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <functional>
#include <queue>

#include "providers/tokens/split.h"

namespace providers::cl100k {
namespace {

// Merging looks for the earliest rank again and again; up to here a scan is the quickest.
constexpr std::size_t kShortPiece = 100;

// Calls token(bytes) for each token of a piece, by repeatedly joining the neighbours whose
// bytes together were learnt earliest, the first of them where several were.
template <class Token>
void merge_short(std::string_view piece, Token&& token) {
  // Where each part begins, and the rank of it joined with its right neighbour.
  std::array<std::size_t, kShortPiece + 1> begin;
  std::array<Rank, kShortPiece + 1> joined;
  std::size_t parts = piece.size();
  const auto rank_at = [&](std::size_t part) {
    if (part + 2 > parts) return kNoRank;
    return rank_of(piece.substr(begin[part], begin[part + 2] - begin[part]));
  };
  for (std::size_t i = 0; i <= parts; ++i) begin[i] = i;
  for (std::size_t i = 0; i < parts; ++i) joined[i] = rank_at(i);
  while (true) {
    const auto* earliest = std::min_element(joined.begin(), joined.begin() + parts);
    if (*earliest == kNoRank) break;
    const auto at = static_cast<std::size_t>(earliest - joined.begin());
    // The right neighbour goes.
    std::copy(begin.begin() + at + 2, begin.begin() + parts + 1, begin.begin() + at + 1);
    std::copy(joined.begin() + at + 2, joined.begin() + parts, joined.begin() + at + 1);
    --parts;
    joined[at] = rank_at(at);
    if (at > 0) joined[at - 1] = rank_at(at - 1);
  }
  for (std::size_t i = 0; i < parts; ++i) token(piece.substr(begin[i], begin[i + 1] - begin[i]));
}

// The same by a queue of candidates. A part is named by where it begins; what has become
// of its neighbours since a candidate was noted shows in its length.
template <class Token>
void merge_long(std::string_view piece, Token&& token) {
  struct Candidate {
    Rank rank;
    std::uint32_t at;
    std::uint32_t size;
    bool operator>(const Candidate& other) const {
      return rank != other.rank ? rank > other.rank : at > other.at;
    }
  };
  const auto size = static_cast<std::uint32_t>(piece.size());
  // By where a part begins: its length, 0 once joined to the left; and the part before.
  std::vector<std::uint32_t> length(size, 1);
  std::vector<std::uint32_t> before(size + 1);
  for (std::uint32_t i = 0; i <= size; ++i) before[i] = i == 0 ? 0 : i - 1;
  std::vector<Candidate> noted;
  noted.reserve(size);

  const auto joined_size = [&](std::uint32_t at) -> std::uint32_t {
    const std::uint32_t right = at + length[at];
    return right < size ? length[at] + length[right] : 0;
  };
  const auto candidate = [&](std::uint32_t at) -> Candidate {
    const std::uint32_t bytes = joined_size(at);
    return {bytes == 0 ? kNoRank : rank_of(piece.substr(at, bytes)), at, bytes};
  };
  for (std::uint32_t i = 0; i < size; ++i) {
    if (const auto one = candidate(i); one.rank != kNoRank) noted.push_back(one);
  }
  std::priority_queue<Candidate, std::vector<Candidate>, std::greater<>> queue(std::greater<>{},
                                                                               std::move(noted));
  while (!queue.empty()) {
    const Candidate best = queue.top();
    queue.pop();
    if (length[best.at] == 0 || joined_size(best.at) != best.size) continue;
    length[best.at + length[best.at]] = 0;
    length[best.at] = best.size;
    before[best.at + best.size] = best.at;
    if (const auto one = candidate(best.at); one.rank != kNoRank) queue.push(one);
    if (best.at == 0) continue;
    if (const auto one = candidate(before[best.at]); one.rank != kNoRank) queue.push(one);
  }
  for (std::uint32_t at = 0; at < size; at += length[at]) token(piece.substr(at, length[at]));
}

template <class Token>
void for_each_token(std::string_view text, Token&& token) {
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = piece_end(text, at);
    const auto piece = text.substr(at, end - at);
    at = end;
    if (rank_of(piece) != kNoRank) {
      token(piece);
    } else if (piece.size() <= kShortPiece) {
      merge_short(piece, token);
    } else {
      merge_long(piece, token);
    }
  }
}

}  // namespace

std::int64_t count(std::string_view text) {
  std::int64_t tokens = 0;
  for_each_token(text, [&](std::string_view) { ++tokens; });
  return tokens;
}

void encode(std::string_view text, std::vector<Rank>& out) {
  for_each_token(text, [&](std::string_view token) { out.push_back(rank_of(token)); });
}

}  // namespace providers::cl100k

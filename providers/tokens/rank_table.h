#pragma once
// The vocabulary of cl100k_base: which byte strings are tokens, and how early each was
// learnt. Part of the program's read-only data: nothing is loaded, built or allocated.
// Constant, any thread.

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace providers {

using Rank = std::uint32_t;
// Of what is no token; later than any.
inline constexpr Rank kNoRank = 0xffff'ffff;

inline constexpr std::size_t kLongestToken = 128;

// The rank of exactly these bytes.
Rank rank_of(std::string_view bytes);

// The bytes of a rank below rank_count().
std::string_view token_of(Rank rank);
std::size_t rank_count();

}  // namespace providers

#include "providers/tokens/rank_table.h"

#include <bit>
#include <cstring>

// clang-format off
asm(R"(
.pushsection .rodata.tollgate_ranks, "a"
.balign 64
.hidden tollgate_ranks
.globl tollgate_ranks
tollgate_ranks:
.incbin ")" TOLLGATE_RANKS_FILE R"("
.popsection
)");
// clang-format on

// What pack_ranks.mjs wrote, which describes the layout.
extern "C" const unsigned char tollgate_ranks[];  // NOLINT: its size is in its head

namespace providers {
namespace {

static_assert(std::endian::native == std::endian::little);

constexpr std::size_t kHead = 16;
constexpr std::uint32_t kTokens = 100'256;
constexpr std::uint32_t kSlots = 1U << 18;
constexpr std::uint32_t kRankBits = 17;
constexpr std::uint32_t kRankMask = (1U << kRankBits) - 1;

const auto* const kSlotsAt = reinterpret_cast<const std::uint32_t*>(tollgate_ranks + kHead);
const auto* const kOffsets = kSlotsAt + kSlots;
const char* const kBytes = reinterpret_cast<const char*>(kOffsets + kTokens + 1);

// Must be pack_ranks.mjs's.
std::uint32_t hash(std::string_view bytes) {
  std::uint32_t h = 0x811c9dc5;
  for (const char byte : bytes) h = (h ^ static_cast<unsigned char>(byte)) * 0x01000193;
  h ^= h >> 15;
  h *= 0x2c1b3c6d;
  return h ^ (h >> 13);
}

}  // namespace

Rank rank_of(std::string_view bytes) {
  if (bytes.empty() || bytes.size() > kLongestToken) return kNoRank;
  const std::uint32_t h = hash(bytes);
  for (std::uint32_t at = h & (kSlots - 1);; at = (at + 1) & (kSlots - 1)) {
    const std::uint32_t slot = kSlotsAt[at];
    if (slot == 0) return kNoRank;
    if (slot >> kRankBits != h >> kRankBits) continue;
    const Rank rank = (slot & kRankMask) - 1;
    if (token_of(rank) == bytes) return rank;
  }
}

std::string_view token_of(Rank rank) {
  return {kBytes + kOffsets[rank], kOffsets[rank + 1] - kOffsets[rank]};
}

std::size_t rank_count() {
  return kTokens;
}

}  // namespace providers

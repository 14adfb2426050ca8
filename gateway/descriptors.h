#pragma once
// How many files and sockets this process may have open, and how many clients that is enough for.

#include <algorithm>
#include <cstddef>

namespace gateway {

// As many as the operator's hard limit allows, from now on. At start.
std::size_t raise_descriptor_limit();

// A request takes two, its client's and its upstream's; some are kept for the ledger, the logs
// and the admin listener, which must answer when clients are turned away.
constexpr std::size_t connections_within(std::size_t descriptors, std::size_t wanted) {
  constexpr std::size_t kLeastKept = 128;  // half of them for those who are told that we are full
  constexpr std::size_t kMostKept = 500;
  const std::size_t kept = std::clamp(descriptors / 4, kLeastKept, kMostKept);
  const std::size_t most = descriptors > 2 * kept ? (descriptors - kept) / 2 : descriptors / 4;
  return std::min(wanted, most);
}

static_assert(connections_within(20'000, 10'000) >= 9'500);
static_assert(connections_within(1'024, 10'000) == 384);
static_assert(connections_within(256, 10'000) == 64);
static_assert(connections_within(65'536, 10'000) == 10'000);

}  // namespace gateway

#pragma once
// How many files and sockets this process may have open, and how many clients that is enough for.

#include <cstddef>

namespace gateway {

// As many as the operator's hard limit allows, from now on. At start.
std::size_t raise_descriptor_limit();

// A request takes two, its client's and its upstream's; some are kept for the ledger, the logs
// and the admin listener, which must answer when clients are turned away.
constexpr std::size_t connections_within(std::size_t descriptors, std::size_t wanted) {
  constexpr std::size_t kMostKept = 500;
  const std::size_t kept = descriptors / 4 < kMostKept ? descriptors / 4 : kMostKept;
  const std::size_t most = (descriptors - kept) / 2;
  return wanted < most ? wanted : most;
}

static_assert(connections_within(20'000, 10'000) >= 9'500);
static_assert(connections_within(256, 10'000) == 96);
static_assert(connections_within(65'536, 10'000) == 10'000);

}  // namespace gateway

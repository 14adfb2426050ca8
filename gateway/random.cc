#include "gateway/random.h"

#include <algorithm>
#include <cerrno>
#include <sys/random.h>
#include <system_error>

namespace gateway {

void system_random(std::span<std::uint8_t> out) {
  // At most 256 bytes at a time is what getrandom() gives without interruption.
  constexpr std::size_t kAtOnce = 256;
  while (!out.empty()) {
    const auto part = out.first(std::min(out.size(), kAtOnce));
    if (::getrandom(part.data(), part.size(), 0) != static_cast<ssize_t>(part.size())) {
      throw std::system_error(errno, std::generic_category(), "getrandom");
    }
    out = out.subspan(part.size());
  }
}

}  // namespace gateway

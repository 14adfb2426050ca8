#include "gateway/http/request_ids.h"

#include <sys/random.h>
#include <system_error>

namespace gateway::http {

void RequestIds::refill() {
  left_ = random_.size();
  if (seeded_) {
    for (std::uint64_t& word : random_) word = (*seeded_)();
    return;
  }
  // At most 256 bytes at a time is what getrandom() gives without interruption.
  for (std::size_t at = 0; at < random_.size(); at += 32) {
    constexpr ssize_t kBytes = 32 * sizeof(std::uint64_t);
    if (::getrandom(&random_[at], kBytes, 0) != kBytes) {
      throw std::system_error(errno, std::generic_category(), "getrandom");
    }
  }
}

void RequestIds::mint(std::string& id) {
  if (left_ < 2) refill();
  constexpr char kDigits[] = "0123456789abcdef";
  id.resize(32);
  for (std::size_t word = 0; word < 2; ++word) {
    std::uint64_t bits = random_[--left_];
    for (std::size_t i = 0; i < 16; ++i, bits >>= 4) id[16 * word + i] = kDigits[bits & 15];
  }
}

}  // namespace gateway::http

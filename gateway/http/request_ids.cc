#include "gateway/http/request_ids.h"

#include <chrono>
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

void RequestIds::mint(std::string& id, config::Clock::Wall now) {
  if (left_ < 2) refill();
  const auto since = std::chrono::floor<std::chrono::milliseconds>(now.time_since_epoch());
  const std::uint64_t words[] = {
      static_cast<std::uint64_t>(since.count()) << 16 | (random_[left_ - 1] & 0xffff),
      random_[left_ - 2]};
  left_ -= 2;
  constexpr char kDigits[] = "0123456789abcdef";
  id.resize(32);
  for (std::size_t i = 0; i < 32; ++i) id[i] = kDigits[words[i / 16] >> (60 - i % 16 * 4) & 15];
}

}  // namespace gateway::http

#pragma once
// One message in one system call: an answer's head and its Body's ranges, gathered,
// nothing copied. The bytes outlive the write. Reused; one per connection.

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

#include <boost/asio/buffer.hpp>

#include "gateway/async.h"
#include "providers/wire/body.h"

namespace gateway::http {

// What is left of `ranges` once `moved` bytes of them have gone.
inline std::span<net::const_buffer> behind(std::span<net::const_buffer> ranges, std::size_t moved) {
  while (!ranges.empty() && moved >= ranges.front().size()) {
    moved -= ranges.front().size();
    ranges = ranges.subspan(1);
  }
  if (moved > 0) ranges.front() += moved;
  return ranges;
}

class GatherWrite {
 public:
  void clear() { ranges_.clear(); }
  void add(std::string_view bytes) {
    if (!bytes.empty()) ranges_.emplace_back(bytes.data(), bytes.size());
  }
  void add(const providers::Body& body) {
    body.for_each([this](std::string_view range) { add(range); });
  }

  std::span<net::const_buffer> ranges() { return ranges_; }

  // Writes all of it, or says why not. Asio hands at most 64 ranges to one sendmsg.
  template <class Stream>
  Awaitable<error_code> write_to(Stream& stream) {
    std::span<net::const_buffer> left(ranges_);
    while (!left.empty()) {
      auto [error, written] = co_await stream.async_write_some(left, kAsTuple);
      if (error) co_return error;
      left = behind(left, written);
    }
    co_return error_code{};
  }

 private:
  std::vector<net::const_buffer> ranges_;
};

}  // namespace gateway::http

#pragma once
// Read buffers of one worker. An exchange holds one only while it has bytes to show,
// not while it waits, so a handful serves thousands of open streams. One thread.

#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

#include <simdjson.h>

namespace gateway::upstream {

class ReadBuffers {
 public:
  static constexpr std::size_t kSize = 16 * 1024;

  using Buffer = std::unique_ptr<char[]>;

  // kSize bytes, and simdjson's padding behind them.
  Buffer take() {
    if (spare_.empty()) {
      return std::make_unique_for_overwrite<char[]>(kSize + simdjson::SIMDJSON_PADDING);
    }
    Buffer buffer = std::move(spare_.back());
    spare_.pop_back();
    return buffer;
  }

  void give_back(Buffer buffer) {
    if (buffer && spare_.size() < kSpare) spare_.push_back(std::move(buffer));
  }

 private:
  static constexpr std::size_t kSpare = 64;
  std::vector<Buffer> spare_;
};

}  // namespace gateway::upstream

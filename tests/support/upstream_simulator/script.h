#pragma once
// An answer as the connection plays it: bytes, pauses, and how it ends. Value type.

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace simulator {

struct Step {
  std::string bytes;
  std::uint64_t times = 1;              // the same bytes again and again: floods need no memory
  std::chrono::milliseconds before{0};  // pause before each time
};

enum class Ending : std::uint8_t {
  keep_alive,
  close,
  reset,
  stall,  // say nothing more until the peer leaves
};

struct Script {
  std::vector<Step> steps;
  Ending ending = Ending::keep_alive;

  void send(std::string bytes, std::chrono::milliseconds before = {}) {
    steps.push_back({std::move(bytes), 1, before});
  }
};

}  // namespace simulator

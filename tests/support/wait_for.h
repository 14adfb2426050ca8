#pragma once
// Waiting for a thing with a deadline, where nothing can be told when it happens: a file,
// another process. Looks again every few milliseconds.

#include <chrono>
#include <thread>

namespace test {

// True as soon as `ready()` is; false when the deadline passes first.
template <class Ready>
bool wait_for(std::chrono::milliseconds deadline, Ready ready) {
  const auto end = std::chrono::steady_clock::now() + deadline;
  while (!ready()) {
    if (std::chrono::steady_clock::now() >= end) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return true;
}

}  // namespace test

#pragma once
// A clock that a test moves by hand while other threads look at it. Any thread looks, one
// moves.

#include <atomic>
#include <chrono>

#include "config/base/clock.h"

namespace test {

class SharedClock final : public config::Clock {
 public:
  Steady now() const override { return Steady{} + std::chrono::hours(1) + steady_.load(); }
  Wall wall() const override {
    return std::chrono::sys_days{std::chrono::year{2025} / 6 / 15} + std::chrono::hours(12) +
           wall_.load();
  }

  // Time goes by.
  void advance(std::chrono::nanoseconds by) {
    steady_ = steady_.load() + by;
    wall_ = wall_.load() + by;
  }
  // Somebody sets the wall's clock, forwards or back.
  void set(Wall to) { wall_ = wall_.load() + (to - wall()); }

 private:
  std::atomic<std::chrono::nanoseconds> steady_{std::chrono::nanoseconds(0)};
  std::atomic<std::chrono::nanoseconds> wall_{std::chrono::nanoseconds(0)};
};

}  // namespace test

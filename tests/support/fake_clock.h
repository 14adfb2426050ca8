#pragma once
// A clock that a test moves by hand. One thread.

#include "config/base/clock.h"

namespace test {

class FakeClock final : public config::Clock {
 public:
  Steady now() const override { return now_; }
  Wall wall() const override { return wall_; }

  void advance(std::chrono::nanoseconds by) {
    now_ += std::chrono::duration_cast<Steady::duration>(by);
    wall_ += std::chrono::duration_cast<Wall::duration>(by);
  }
  void set_wall(Wall wall) { wall_ = wall; }

 private:
  Steady now_ = Steady{} + std::chrono::hours(1);
  Wall wall_ = std::chrono::sys_days{std::chrono::year{2025} / 6 / 15} + std::chrono::hours(12);
};

}  // namespace test

#pragma once
// Time as an argument. Steady time measures durations and deadlines; wall time
// dates records. Both are read through one interface so that tests move them by
// hand. Const and safe from any thread.

#include <chrono>

namespace config {

class Clock {
 public:
  using Steady = std::chrono::steady_clock::time_point;
  using Wall = std::chrono::system_clock::time_point;

  virtual ~Clock() = default;
  virtual Steady now() const = 0;
  virtual Wall wall() const = 0;
};

class SystemClock final : public Clock {
 public:
  Steady now() const override { return std::chrono::steady_clock::now(); }
  Wall wall() const override { return std::chrono::system_clock::now(); }
};

}  // namespace config

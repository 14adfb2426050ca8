#pragma once
// Deadlines for everything one worker has under way: a coarse timer wheel behind
// a single steady_timer, because a timer per operation costs more than the
// operation. Late by at most one tick (kTick). Owned by the Worker; its thread
// only. Time is passed in to advance(), so tests need no clock.

#include <chrono>
#include <cstdint>

namespace gateway {

class Deadlines;

// One deadline, embedded in whatever it guards; expires at most once per set().
// Leaving its scope clears it. Not movable: the wheel points at it.
class Deadline {
 public:
  // `expired` runs on the worker's thread with `subject`; it may set() again.
  using Expired = void (*)(void* subject);

  Deadline(Deadlines& wheel, Expired expired, void* subject)
      : wheel_(wheel), expired_(expired), subject_(subject) {}
  ~Deadline() { clear(); }
  Deadline(const Deadline&) = delete;
  Deadline& operator=(const Deadline&) = delete;

  void set(std::chrono::milliseconds from_now);
  void clear();
  bool pending() const { return next_ != nullptr; }

 private:
  friend class Deadlines;
  Deadlines& wheel_;
  Expired expired_;
  void* subject_;
  std::uint64_t due_tick_ = 0;
  Deadline* previous_ = nullptr;
  Deadline* next_ = nullptr;  // nullptr: not in the wheel
};

}  // namespace gateway

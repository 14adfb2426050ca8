#pragma once
// Deadlines for everything one worker has under way: a coarse timer wheel behind
// a single steady_timer, because a timer per operation costs more than the
// operation. Never early, late by at most one tick (kTick). Owned by the Worker;
// its thread only. Time is passed in to advance(), so tests need no waiting.

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>

#include <boost/asio/basic_waitable_timer.hpp>

#include "config/base/clock.h"
#include "gateway/async.h"

namespace gateway {

class Deadlines;

namespace detail {

// A place in a circular list; both pointers null: in none.
struct DeadlineLink {
  DeadlineLink* previous = nullptr;
  DeadlineLink* next = nullptr;
};

}  // namespace detail

// One deadline, embedded in whatever it guards; expires at most once per set().
// Leaving its scope clears it. Not movable: the wheel points at it.
class Deadline : private detail::DeadlineLink {
 public:
  // `expired` runs on the worker's thread with `subject`; it may set() again, and may
  // destroy this or any other deadline.
  using Expired = void (*)(void* subject);

  Deadline(Deadlines& wheel, Expired expired, void* subject)
      : wheel_(wheel), expired_(expired), subject_(subject) {}
  ~Deadline() { clear(); }
  Deadline(const Deadline&) = delete;
  Deadline& operator=(const Deadline&) = delete;

  void set(std::chrono::milliseconds from_now);
  void clear();
  bool pending() const { return next != nullptr; }

 private:
  friend class Deadlines;
  Deadlines& wheel_;
  Expired expired_;
  void* subject_;
  std::uint64_t due_tick_ = 0;
};

// The wheel. Outlives every Deadline made on it. Its timer runs only while
// deadlines are pending, so an io_context without work still ends.
class Deadlines {
 public:
  static constexpr std::chrono::milliseconds kTick{20};

  Deadlines(net::io_context& io, const config::Clock& clock);
  ~Deadlines();
  Deadlines(const Deadlines&) = delete;
  Deadlines& operator=(const Deadlines&) = delete;

  // Expires everything due by `now`. The timer calls it; so may a test.
  void advance(config::Clock::Steady now);

  std::size_t pending() const { return pending_; }

 private:
  friend class Deadline;
  // A turn of the wheel is 10 s; what is due later is passed over once per turn.
  static constexpr std::size_t kSlots = 512;
  using Timer = net::basic_waitable_timer<std::chrono::steady_clock,
                                          net::wait_traits<std::chrono::steady_clock>, Executor>;

  std::uint64_t tick_of(config::Clock::Steady time) const;
  void insert(Deadline& deadline, std::chrono::milliseconds from_now);
  void remove(Deadline& deadline);
  void arm();

  const config::Clock& clock_;
  const config::Clock::Steady origin_;
  Timer timer_;
  bool armed_ = false;
  std::uint64_t passed_tick_ = 0;  // everything due at or before it has expired
  std::size_t pending_ = 0;
  std::array<detail::DeadlineLink, kSlots> slots_;
};

}  // namespace gateway

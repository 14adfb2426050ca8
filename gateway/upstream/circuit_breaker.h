#pragma once
// Whether a target is asked at all. Closed: it is. Open: it failed too often, or said that it will
// for a while, and is left alone until a time. Half-open: that time has come, and one request of
// real traffic finds out; its success closes, its failure opens for twice as long.
//
// One per target, shared by the workers and by every snapshot: what traffic taught outlives a
// reload. Any thread; no lock; a target that never fails is read and never written. Time is passed
// in.

#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>

#include "config/base/clock.h"
#include "config/base/error.h"
#include "config/config.h"
#include "gateway/upstream/key_pool.h"
#include "gateway/upstream/retry_budget.h"

namespace gateway::upstream {

class CircuitBreaker {
 public:
  using Now = config::Clock::Steady;
  using Span = std::chrono::milliseconds;

  enum class State : std::uint8_t { closed, open, half_open };

  // May this target be asked? Each permit that was given comes back, once, in one of the four
  // below.
  enum class Permit : std::uint8_t { refused, given, probe };
  Permit ask(Now now);

  // True where that changed what others find: for one line in the log.
  bool succeeded(Permit permit, Now now, const config::Breaker& settings);
  bool failed(Permit permit, config::ErrorCode why, Now now, const config::Breaker& settings);
  // It said for how long it will not answer, or something is wrong with it that does not pass
  // by itself (its key, its credit).
  bool bench(Permit permit, config::ErrorCode why, Span how_long, Now now);
  // Neither: the client left, or nothing was sent.
  void returned(Permit permit, Now now);

  // What a question that is no request and costs nothing told, asked while it was left alone for
  // `was`, or had been and nobody has tried it since. False, and nothing happens, where that is not
  // so any more.
  // It answers: the next request is the probe, whatever was left of its rest.
  bool end_rest(config::ErrorCode was, Now now);
  // This is wrong with it; it rests for so long at least.
  bool rest_for(config::ErrorCode was, config::ErrorCode why, Span at_least, Now now);

  // By hand: as if nothing had happened. Reality undoes it.
  void reset();
  // By hand: left alone for so long. The next probe comes after it.
  void hold(Span how_long, Now now);

  struct Status {
    State state = State::closed;  // half-open from the end of its rest, though nobody has come yet
    std::optional<config::ErrorCode> why;  // of the failure that opened it; nullopt: by hand
    int in_a_row = 0;                      // failures since the last success
    std::optional<Span> next_probe;        // from now on, zero: the next request; nullopt: closed
  };
  Status status(Now now) const;
  // How often it has opened.
  std::uint64_t opened() const { return opened_.load(std::memory_order_relaxed); }

  // How often the same target may be asked again, or another beside it, and which keys it refuses:
  // kept here, because all of them begin where it first fails, or is too slow, and live as long.
  RetryBudget& retries() { return retries_; }
  RetryBudget& hedges() { return hedges_; }
  KeyPool& keys() { return keys_; }

 private:
  // All of its state, in one word that workers exchange whole.
  struct Word {
    State state = State::closed;
    std::uint8_t why = 0;       // 0: by hand, else the code and one
    std::uint8_t in_a_row = 0;  // stays at its most
    std::uint8_t level = 0;     // how often it opened since the last success
    std::int64_t until_ms = 0;  // open: the next probe's time; half-open: when it is given up

    static Word unpack(std::uint64_t bits);
    std::uint64_t pack() const;
  };
  // Attempts of one span of time, counted from its first failure on.
  struct Window {
    std::uint64_t number = 0;
    std::uint32_t attempts = 0;
    std::uint32_t failures = 0;

    static Window unpack(std::uint64_t bits);
    std::uint64_t pack() const;
  };

  template <class Change>
  bool change(const Change& next);
  bool too_many_fail(bool failure, Now now, const config::Breaker& settings);

  std::atomic<std::uint64_t> word_{0};
  std::atomic<std::uint64_t> window_{0};
  std::atomic<std::uint64_t> opened_{0};
  RetryBudget retries_;
  RetryBudget hedges_;
  KeyPool keys_;
};

}  // namespace gateway::upstream

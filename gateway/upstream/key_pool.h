#pragma once
// Which keys of a target's provider rest, because the upstream refused them: a bad one, one
// without credit, one at its rate limit. When a rest is over, one request of real traffic finds
// out, as with breakers.
//
// One per target, beside its breaker: shared by the workers, so that each key is refused once and
// not once per worker, and kept over a reload. One atomic word per key; a target whose keys all
// work is read and never written. Keys are told by position, from 0; a word also holds a few bits
// of its key's digest, so that after a reload a rest does not meet the key that stands there now.
// Any thread; no lock. Time is passed in.

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "config/base/clock.h"
#include "config/base/error.h"
#include "config/base/secret.h"
#include "config/config.h"

namespace gateway::upstream {

class KeyPool {
 public:
  using Now = config::Clock::Steady;
  using Span = std::chrono::milliseconds;

  // Asks for a key: one that does not rest, or whose rest is over and that nobody tries yet.
  enum class Permit : std::uint8_t { refused, given, trial };
  struct Answer {
    Permit permit;
    std::uint64_t trial = 0;  // which one, where it is
  };
  Answer ask(std::size_t position, const config::Secret& key, Now now);

  void rests(std::size_t position, const config::Secret& key, config::ErrorCode why, Span how_long,
             Now now);
  // What a trial told: the key works; or nothing, and the next request may try. Of a key that
  // another request has made rest meanwhile, or that is tried anew, neither says anything.
  void works(std::size_t position, std::uint64_t trial);
  void returned(std::size_t position, std::uint64_t trial, Now now);

  struct Rest {
    config::ErrorCode why;
    Span left;
  };
  // nullopt: it does not.
  std::optional<Rest> rest_of(std::size_t position, const config::Secret& key, Now now) const;

 private:
  struct Word {
    std::uint16_t key = 0;  // of its digest
    std::uint8_t why = 0;
    bool trial = false;
    std::int64_t until_ms = 0;  // of its rest, or when its trial is given up

    static Word unpack(std::uint64_t bits);
    std::uint64_t pack() const;
  };

  std::array<std::atomic<std::uint64_t>, config::kMostKeys> words_{};  // 0: it works
};

}  // namespace gateway::upstream

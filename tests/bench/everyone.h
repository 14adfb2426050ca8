#pragma once
// The keys a request is measured among: each with every limit there is at key, team and gateway,
// or with the limits given, and budgets that have learnt. One per measurement; it does not change
// while requests run, so any thread's.

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "gateway/limits/local_limiter.h"

namespace bench {

// Never reached.
inline config::Limits every_limit() {
  constexpr config::PicoUsd kLimit{9'000'000'000'000'000'000};
  config::Limits out;
  out.requests_per_minute = 1'000'000'000;
  out.tokens_per_minute = 1'000'000'000'000;
  out.concurrent = 1'000'000;
  out.budgets = {{kLimit, config::Window::month, "Europe/Berlin"},
                 {kLimit, config::Window::day, "Europe/Berlin"}};
  return out;
}

inline config::Result<config::PicoUsd> nothing_spent(const gateway::AccountId&,
                                                     config::Clock::Wall) {
  return config::PicoUsd{};
}

class Everyone {
 public:
  explicit Everyone(int keys, const config::Limits& limits = every_limit()) {
    constexpr int kTeams = 100;
    const config::SystemClock clock;
    const auto now = gateway::limits::Now::of(clock);
    for (int i = 0; i < keys; ++i) {
      const auto key = "key-" + std::to_string(i);
      const auto team = "team-" + std::to_string(i % kTeams);
      limiter.configure({gateway::AccountKind::key, key}, limits, now);
      limiter.configure({gateway::AccountKind::team, team}, limits, now);
      payers_.push_back(limiter.payers(config::KeyName(key), config::TeamName(team)));
    }
    limiter.configure({}, limits, now);
    (void)limiter.learn(nothing_spent).has_value();
  }

  // Jumps about with `number`, so that of many keys none is warm; of ten, each has its turn.
  const gateway::limits::Payers& one(std::size_t number) const {
    constexpr std::size_t kPrime = 104'729;
    return payers_[number * kPrime % payers_.size()];
  }

  gateway::limits::LocalLimiter limiter;

 private:
  std::vector<gateway::limits::Payers> payers_;
};

}  // namespace bench

#pragma once
// Whether a target that failed may be asked once more, and when. Pure: time and randomness are
// passed in.

#include <chrono>
#include <optional>
#include <random>

#include "config/base/clock.h"
#include "config/base/error.h"
#include "config/config.h"

namespace gateway::chat {

// How far an attempt that failed came.
struct Ending {
  int status = 0;                 // of the answer's head; 0: there was none
  bool refused_in_words = false;  // the upstream said that it does not do it
};

// Asking the same target again may help, and cannot pay for one answer twice: what was refused in
// words, and what broke off before a byte of an answer. A timeout is not repeated, since the work
// goes on there and the limit was waited for once; nor what failed behind a 200, which was
// done and is billed.
bool may_help_again(config::ErrorCode code, const Ending& ending);

// The wait before the next attempt after `made` of them were repeated: full jitter, so that those
// who failed together do not come back together.
std::chrono::milliseconds back_off(const config::Retries& settings, int made,
                                   std::mt19937_64& random);

// When a target may be asked again, not before the time that it asked for. nullopt: not at all,
// because there is no retry left, or the wait would be longer than the settings or `deadline`
// allow.
std::optional<config::Clock::Steady> again_at(const config::Error& error,
                                              const config::Retries& settings, int made,
                                              config::Clock::Steady now,
                                              config::Clock::Steady deadline,
                                              std::mt19937_64& random);

}  // namespace gateway::chat

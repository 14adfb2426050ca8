#include "gateway/chat/retry.h"

#include <algorithm>
#include <cstdint>

namespace gateway::chat {

using config::Clock;
using config::ErrorCode;
using std::chrono::milliseconds;

bool may_help_again(ErrorCode code, const Ending& ending) {
  constexpr int kRequestTimeout = 408;
  switch (code) {
    case ErrorCode::upstream_busy:
      return true;
    case ErrorCode::upstream_unavailable:
      return ending.status == 0 || ending.refused_in_words;
    case ErrorCode::upstream_timeout:
      // It did not get the request in time, so nobody works on it.
      return ending.status == kRequestTimeout;
    default:
      return false;
  }
}

milliseconds back_off(const config::Retries& settings, int made, std::mt19937_64& random) {
  milliseconds longest = settings.base;
  for (; made > 0 && longest < settings.cap; --made) longest *= 2;
  longest = std::min(longest, settings.cap);
  return milliseconds(std::uniform_int_distribution<std::int64_t>(0, longest.count())(random));
}

std::optional<Clock::Steady> again_at(const config::Error& error, const config::Retries& settings,
                                      int made, Clock::Steady now, Clock::Steady deadline,
                                      std::mt19937_64& random) {
  if (!error.same_target_may_try || made >= settings.at_most) return std::nullopt;
  const milliseconds asked = error.retry_after.value_or(milliseconds(0));
  if (asked > settings.cap) return std::nullopt;
  const milliseconds wait = std::min(asked + back_off(settings, made, random), settings.cap);
  const Clock::Steady at = now + wait;
  if (at >= deadline) return std::nullopt;
  return at;
}

}  // namespace gateway::chat

#pragma once
// When an upstream wants to be asked again, from whichever field says so. Pure: what
// is given as a moment is read against `now`, seconds since 1970.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

#include "providers/adapter.h"

namespace providers {

// What clients are told at most: the official SDKs do not repeat beyond it.
inline constexpr std::chrono::milliseconds kLongestRetryAfter{60'000};

// retry-after-ms, Retry-After (seconds or a date), then x-ratelimit-reset*.
std::optional<std::chrono::milliseconds> retry_after(const AnswerHead& head, std::int64_t now);

// The value of one x-ratelimit-reset* field: "2", "1m30s", "250ms", or an epoch in
// seconds or milliseconds.
std::optional<std::chrono::milliseconds> until_reset(std::string_view value, std::int64_t now);

// Clamped to what may be told; nullopt for what is not ahead.
std::optional<std::chrono::milliseconds> clamped(double milliseconds);

}  // namespace providers

#pragma once
// A duration as OpenAI's x-ratelimit-reset-* headers write it. Pure.

#include <chrono>
#include <string>

namespace gateway::limits {

// "12ms", "1s", "8.64s", "6m0s", "1h0m30s": rounded up to milliseconds, and "0s" for nothing.
std::string duration_text(std::chrono::nanoseconds duration);

}  // namespace gateway::limits

#pragma once
// How a failing upstream is told: callers learn what happened, never where (host
// names and addresses stand only in `detail`, for the log).

#include <chrono>
#include <string>
#include <utility>

#include "config/base/error.h"

namespace gateway::upstream {

// Not reached, refused, not trusted, or broken off.
inline config::Error unavailable(std::string detail) {
  return config::failure(config::ErrorCode::upstream_unavailable,
                         "The upstream could not be reached.", std::move(detail));
}

// We have no descriptor left to reach it with; it is not to blame.
inline config::Error no_descriptor(std::string detail) {
  auto error = config::failure(
      config::ErrorCode::overloaded,
      "The gateway has no descriptor left to reach the upstream with; try again shortly.",
      std::move(detail));
  error.retry_after = std::chrono::milliseconds(1000);
  return error;
}

inline config::Error broken_off(std::string detail) {
  return config::failure(config::ErrorCode::upstream_unavailable,
                         "The upstream broke off its answer.", std::move(detail));
}

inline config::Error timed_out(std::string detail) {
  return config::failure(config::ErrorCode::upstream_timeout,
                         "The upstream did not answer in time.", std::move(detail));
}

inline config::Error garbled(std::string detail) {
  return config::failure(config::ErrorCode::upstream_garbled,
                         "The upstream's answer could not be understood.", std::move(detail));
}

}  // namespace gateway::upstream

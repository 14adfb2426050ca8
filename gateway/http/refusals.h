#pragma once
// What a door says by itself where it cannot serve: the gateway is full, or goes. Values.

#include <chrono>
#include <cstddef>

#include <fmt/format.h>

#include "config/base/error.h"

namespace gateway::http {

inline config::Error try_again(config::ErrorCode code, std::string message) {
  config::Error error = config::failure(code, std::move(message));
  error.retry_after = std::chrono::milliseconds(1000);
  return error;
}

inline config::Error body_too_large(std::size_t most) {
  return config::failure(
      config::ErrorCode::too_large,
      fmt::format("The request's body is larger than the {} bytes that this gateway takes.", most));
}

inline config::Error gateway_leaves() {
  return try_again(config::ErrorCode::server_shutdown,
                   "The gateway is being stopped; ask again in a moment.");
}

}  // namespace gateway::http

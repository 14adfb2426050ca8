#pragma once
// The Date field's value, written once per second. One per worker, its thread only.

#include <chrono>
#include <string>
#include <string_view>

#include "config/base/clock.h"

namespace gateway::http {

class Date {
 public:
  explicit Date(const config::Clock& clock) : clock_(clock) {}

  // Such as "Sun, 06 Nov 1994 08:49:37 GMT"; valid until the next call.
  std::string_view now();

 private:
  const config::Clock& clock_;
  std::chrono::sys_seconds second_{};
  std::string text_;
};

}  // namespace gateway::http

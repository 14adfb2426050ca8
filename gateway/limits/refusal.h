#pragma once
// What stood in a request's way, as it is collected under the limiter's lock, and the Error
// that is made of it after. Values.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "config/base/error.h"
#include "config/calendar.h"
#include "config/limits.h"
#include "gateway/ledger/account_id.h"

namespace gateway::limits {

struct RateRefusal {
  enum class What : std::uint8_t { requests, tokens, concurrent };

  AccountId whose;
  What what = What::requests;
  std::int64_t limit = 0;
  std::int64_t asked = 0;                        // tokens
  std::optional<std::chrono::nanoseconds> wait;  // nullopt: no waiting helps
};
config::Error to_error(const RateRefusal& refusal);

struct BudgetRefusal {
  AccountId whose;
  config::Budget budget;
  config::Span window;
  config::PicoUsd spent;
  config::PicoUsd held;
  config::PicoUsd asked;

  // Whether it fits as soon as others, who are still at work, have cost nothing.
  bool may_fit_soon() const;
};
// `now` for how long to wait.
config::Error to_error(const BudgetRefusal& refusal, config::Clock::Wall now);

}  // namespace gateway::limits

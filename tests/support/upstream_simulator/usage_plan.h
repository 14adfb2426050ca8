#pragma once
// Where a stream shows its usage, and what the usage faults make of the numbers. Pure.

#include <cstdint>
#include <string>

#include "tests/support/upstream_simulator/faults.h"
#include "tests/support/upstream_simulator/json.h"

namespace simulator {

enum class UsagePlace : std::uint8_t {
  nowhere,
  on_finish,      // a member of the finish chunk
  empty_choices,  // a chunk of its own, choices []
  empty_delta,    // a chunk of its own with an empty delta
};

struct UsagePlan {
  UsagePlace place = UsagePlace::nowhere;
  bool twice = false;        // a wrong one before
  bool every_chunk = false;  // running counts
  bool first = false;        // on the first chunk only
};

UsagePlan plan_usage(UsagePlace usual, const Faults& faults);

// The dialect's usage object after the faults; nullopt: the member is left out.
std::optional<js::value> bend_usage(js::object usage, const Faults& faults);

// Pico-USD as plain decimal USD: 4900000 → "0.0000049".
std::string usd_text(std::int64_t pico_usd);

}  // namespace simulator

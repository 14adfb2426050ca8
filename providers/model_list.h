#pragma once
// What an upstream says it offers: its answer to GET …/models, in any of the shapes seen.
// Pure; used by the command line and by free probes, never for a client's request.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/base/error.h"
#include "config/base/money.h"

namespace providers {

struct OfferedModel {
  std::string id;
  std::int64_t context_length = 0;  // 0: not said
  std::optional<config::PicoUsdPerToken> input;
  std::optional<config::PicoUsdPerToken> output;
};

// A bare array or {"data": […]}, of objects with an `id` or of names (wire-facts 1.2, 1.4.3,
// 2.10, 3.1, 4). Rows whose name holds a * are no models and left out. An Error
// (upstream_garbled) where it is neither.
config::Result<std::vector<OfferedModel>> read_model_list(std::string_view body);

}  // namespace providers

#pragma once
// What one model costs at one provider. Values; a copy travels with each target.

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "config/base/money.h"

namespace config {

// Buckets are disjoint (see providers/usage.h). A bucket without a price of its
// own is billed at the bucket it belongs to: cached reads and writes, audio and
// image input as input; reasoning and audio output as output.
struct Price {
  PicoUsdPerToken input;
  PicoUsdPerToken output;
  std::optional<PicoUsdPerToken> cached_read;
  std::optional<PicoUsdPerToken> cached_write;
  std::optional<PicoUsdPerToken> reasoning;
  std::optional<PicoUsdPerToken> audio_input;
  std::optional<PicoUsdPerToken> audio_output;
  std::optional<PicoUsdPerToken> image_input;
  PicoUsd per_request;
  // Dearer ways to ask, by the name an adapter gives them ("parallel_low"): they
  // replace per_request.
  std::map<std::string, PicoUsd, std::less<>> per_request_variants;
};

}  // namespace config

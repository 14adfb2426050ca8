#pragma once
// What an attempt costs by our prices beside what its provider says: where the two part, a
// price table is stale or a bill is wrong. Pure.

#include <optional>

#include "gateway/ledger/usage_record.h"

namespace gateway {

struct TwoOpinions {
  config::PicoUsd priced;
  config::PicoUsd reported;
};

// A reported zero that our price stands in for (decisions 4): an alarm, not a price.
inline bool reported_free_though_paid(const UsageRecord& record) {
  return record.usage.reported_cost && record.usage.reported_cost->value == 0 &&
         record.cost.source != providers::Source::reported;
}

// Both, of the same tokens; nullopt where one is missing, or not worth comparing.
inline std::optional<TwoOpinions> two_opinions(const UsageRecord& record) {
  const auto& reported = record.usage.reported_cost;
  const bool counted = record.usage.tokens == providers::Source::reported && !record.usage.suspect;
  if (!counted || !record.priced || !reported || reported_free_though_paid(record)) {
    return std::nullopt;
  }
  if (record.priced->value < 0 || reported->value < 0) return std::nullopt;
  return TwoOpinions{*record.priced, *reported};
}

}  // namespace gateway

#pragma once
// What an attempt costs by our prices beside what its provider says, in the answer or in a
// receipt afterwards: where the two part, a price table is stale or a bill is wrong. Pure.

#include <cstdint>
#include <optional>
#include <string_view>

#include "gateway/ledger/usage_record.h"

namespace gateway {

// How the provider said it.
enum class ToldBy : std::uint8_t { answer, receipt };
inline std::string_view to_string(ToldBy by) {
  return by == ToldBy::answer ? "answer" : "receipt";
}

struct TwoOpinions {
  config::PicoUsd priced;
  config::PicoUsd reported;
};

// A reported zero that our price stands in for (decisions 4): an alarm, not a price.
inline bool reported_free_though_paid(const UsageRecord& record) {
  return record.usage.reported_cost && record.usage.reported_cost->value == 0 &&
         record.cost.source != providers::Source::reported;
}

// Our price beside `told`, both of the same tokens; nullopt where one is missing, or not worth
// comparing.
inline std::optional<TwoOpinions> compared(const UsageRecord& record,
                                           const std::optional<config::PicoUsd>& told) {
  const bool counted = record.usage.tokens == providers::Source::reported && !record.usage.suspect;
  if (!counted || !record.priced || !told) return std::nullopt;
  if (record.priced->value < 0 || told->value < 0) return std::nullopt;
  return TwoOpinions{*record.priced, *told};
}

// With what the answer said.
inline std::optional<TwoOpinions> two_opinions(const UsageRecord& record) {
  if (reported_free_though_paid(record)) return std::nullopt;
  return compared(record, record.usage.reported_cost);
}

}  // namespace gateway

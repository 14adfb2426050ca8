#pragma once
// What a receipt taught of an attempt that is in the ledger already. Values; pure.

#include <optional>

#include "gateway/ledger/usage_record.h"

namespace gateway {

struct Correction {
  config::RequestId request;
  int attempt = 1;
  config::PicoUsd cost;  // booked from now on, as `reported`
  // In place of what the record has; nullopt: that stays.
  std::optional<providers::Usage> usage = std::nullopt;
  std::optional<config::PicoUsd> priced = std::nullopt;
};

// The record as it stands from then on.
UsageRecord corrected(UsageRecord record, const Correction& correction);

}  // namespace gateway

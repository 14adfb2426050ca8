#pragma once
// What is written down before an upstream sees a request: enough to make a record of the
// attempt if this process dies before it can. A value, made by chat/, kept by the journal.

#include <cstdint>
#include <optional>

#include "config/base/clock.h"
#include "config/base/ids.h"
#include "config/base/money.h"
#include "gateway/ledger/usage_record.h"

namespace gateway {

struct Hold {
  config::RequestId request;
  int attempt = 1;  // from 1
  config::KeyName key;
  config::TeamName team;
  config::ModelName model;
  config::ProviderName provider;
  config::TargetName target;
  providers::Operation operation = providers::Operation::chat;
  bool streamed = false;
  Tags tags;
  config::Clock::Wall started;
  // Set aside for it in every budget it counts in. Nothing where the price is unknown.
  std::optional<config::PicoUsd> reserved;
  std::int64_t prompt_tokens = 0;  // estimated
};

// The record that becomes of it: who asked for what, and nothing yet of how it went.
UsageRecord record_of(const Hold& hold);

// The record of an attempt that this process did not live to see the end of: outcome
// `interrupted`, cost `estimated` at what was reserved for it.
UsageRecord interrupted(const Hold& hold);

}  // namespace gateway

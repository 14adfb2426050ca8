#pragma once
// Records as the ledger's tests want them.

#include <chrono>
#include <string>

#include "gateway/ledger/usage_record.h"

namespace test {

// A quarter past noon on 15 June 2025, UTC.
inline constexpr config::Clock::Wall kNoon =
    std::chrono::sys_days{std::chrono::year{2025} / 6 / 15} + std::chrono::minutes(735);

inline std::string request_id(int number) {
  std::string digits = std::to_string(number);
  return std::string(32 - digits.size(), '0') + digits;
}

// One attempt of ada's, of team research, that cost one USD, with every field filled.
inline gateway::UsageRecord record(int number, config::Clock::Wall started = kNoon) {
  gateway::UsageRecord out;
  out.request = config::RequestId(request_id(number));
  out.key = config::KeyName("ada");
  out.team = config::TeamName("research");
  out.model = config::ModelName("flash");
  out.provider = config::ProviderName("onprem");
  out.target = config::TargetName("onprem/flash");
  out.upstream_model = "flash-2";
  out.upstream_id = "gen-" + std::to_string(number);
  out.streamed = true;
  out.outcome = gateway::Outcome::ok;
  out.usage.prompt = 100;
  out.usage.cached_read = 40;
  out.usage.completion = 20;
  out.usage.tokens = providers::Source::reported;
  out.usage.reported_cost = config::PicoUsd{1'000'000'000'000};
  out.usage.reported_cost_text = "1.00";
  out.cost = {config::PicoUsd{1'000'000'000'000}, providers::Source::reported};
  out.priced = config::PicoUsd{999};
  out.started = started;
  out.duration = std::chrono::milliseconds(1500);
  out.first_content = std::chrono::milliseconds(300);
  return out;
}

}  // namespace test

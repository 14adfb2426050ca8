#pragma once
// What tests of the journal need: holds and records with something in every field, and a
// ledger in memory that can be told to fail.

#include <cstddef>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "gateway/ledger/hold.h"
#include "gateway/ledger/ledger.h"
#include "tests/support/temp_dir.h"

namespace test {

inline const config::Clock::Wall kStarted =
    std::chrono::sys_days{std::chrono::year{2025} / 6 / 15} + std::chrono::nanoseconds(123'456'789);

inline gateway::Hold hold_of(int number, int attempt = 1) {
  gateway::Hold hold;
  hold.request = config::RequestId(fmt::format("{:032x}", number));
  hold.attempt = attempt;
  hold.key = config::KeyName("ada");
  hold.team = config::TeamName("research");
  hold.model = config::ModelName("flash");
  hold.provider = config::ProviderName("lab");
  hold.target = config::TargetName("lab/flash-3");
  hold.streamed = true;
  hold.tags = {{"project", "x"}, {"customer", "Zoë"}};
  hold.started = kStarted + std::chrono::seconds(number);
  hold.reserved = config::PicoUsd{1'000'000 + number};
  hold.prompt_tokens = 17;
  return hold;
}

// What ends that hold's attempt well, at `cost` pico-USD.
inline gateway::UsageRecord record_of(const gateway::Hold& hold, std::int64_t cost) {
  gateway::UsageRecord record = gateway::interrupted(hold);
  record.upstream_model = "flash-3-2025";
  record.upstream_id = "gen-1";
  record.outcome = gateway::Outcome::ok;
  record.maybe_billed = false;
  record.usage.completion = 40;
  record.usage.tokens = providers::Source::reported;
  record.cost = {config::PicoUsd{cost}, providers::Source::priced};
  record.priced = config::PicoUsd{cost};
  record.duration = std::chrono::microseconds(1'234'567);
  record.first_content = std::chrono::microseconds(89);
  return record;
}

using AttemptId = std::pair<std::string, int>;
inline AttemptId id_of(const gateway::UsageRecord& record) {
  return {record.request.str(), record.attempt};
}

// Any thread.
class MemoryLedger final : public gateway::Ledger {
 public:
  config::Result<ThereAlready> append(std::span<const gateway::UsageRecord> records) override {
    if (auto then = std::exchange(at_first_append, nullptr)) then();
    const std::lock_guard lock(mutex_);
    ++calls_;
    if (failures_left_ > 0) {
      --failures_left_;
      return config::failure(config::ErrorCode::overloaded, "", "locked");
    }
    largest_batch_ = std::max(largest_batch_, records.size());
    ThereAlready there_already;
    for (std::size_t i = 0; i < records.size(); ++i) {
      if (records_.emplace(id_of(records[i]), records[i]).second) continue;
      there_already.push_back(i);
      ++repeated_;
    }
    return there_already;
  }
  config::Result<config::PicoUsd> spent(const gateway::AccountId&, config::Clock::Wall) override {
    return config::PicoUsd{sum()};
  }

  // Done once, on the thread that appends; set before it begins to.
  std::function<void()> at_first_append;
  void fail_next(int calls) {
    const std::lock_guard lock(mutex_);
    failures_left_ = calls;
  }
  std::map<AttemptId, gateway::UsageRecord> records() const {
    const std::lock_guard lock(mutex_);
    return records_;
  }
  std::int64_t sum() const {
    const std::lock_guard lock(mutex_);
    std::int64_t sum = 0;
    for (const auto& [id, record] : records_)
      sum += record.cost.amount.value_or(config::PicoUsd{}).value;
    return sum;
  }
  int calls() const {
    const std::lock_guard lock(mutex_);
    return calls_;
  }
  std::size_t largest_batch() const {
    const std::lock_guard lock(mutex_);
    return largest_batch_;
  }
  int repeated() const {
    const std::lock_guard lock(mutex_);
    return repeated_;
  }

 private:
  mutable std::mutex mutex_;
  std::map<AttemptId, gateway::UsageRecord> records_;
  int failures_left_ = 0;
  int calls_ = 0;
  int repeated_ = 0;
  std::size_t largest_batch_ = 0;
};

// Settings whose journals stand in a folder of the test's own.
class JournalPlace {
 public:
  config::Ledger settings(std::size_t bytes = 64UL * 1024 * 1024) const {
    config::Ledger settings;
    settings.journal = dir_.file("journal");
    settings.journal_bytes = bytes;
    return settings;
  }
  const TempDir& dir() const { return dir_; }

 private:
  TempDir dir_;
};

}  // namespace test

#pragma once
// Notices when our prices and a provider's bills part, in what is settled and in receipts that
// come afterwards, and when a paid answer is reported to cost nothing; says so once per model
// and span. The ledger's thread only. Memory: two entries per provider and model of the
// configuration.

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <tuple>
#include <utility>

#include "config/base/clock.h"
#include "gateway/ledger/ledger.h"
#include "gateway/ledger/second_opinion.h"
#include "gateway/ledger/sums.h"
#include "gateway/ledger/usage_record.h"

namespace gateway {

// What was noticed, of one provider's model.
struct Drift {
  std::string provider;
  std::string model;
  ToldBy by = ToldBy::answer;  // how the provider said it
  bool reported_zero = false;  // else: a price table that looks stale
  std::int64_t attempts = 0;   // compared so far
  MoneySum priced = 0;         // what our prices say of them
  MoneySum reported = 0;       // what the provider says
};

class DriftWatch {
 public:
  static constexpr std::chrono::hours kSpan{1};
  // Fewer or cheaper ones say nothing: a provider may round what it reports.
  static constexpr std::int64_t kFewest = 10;
  static constexpr MoneySum kLeast = 10'000'000'000;  // 0.01 USD
  static constexpr int kPercent = 2;

  using Tell = std::function<void(const Drift&)>;
  DriftWatch(const config::Clock& clock, Tell tell) : clock_(clock), tell_(std::move(tell)) {}

  // An attempt that was settled: what its answer says.
  void saw(const UsageRecord& record);
  // What a receipt says of one.
  void saw_receipt(const UsageRecord& record, const TwoOpinions& both);

 private:
  struct Seen {
    config::Clock::Steady since;
    Drift sums;
    bool told_stale = false;
    bool told_zero = false;
  };
  Seen& seen(const UsageRecord& record, ToldBy by);
  void compare(Seen& model, const TwoOpinions& both);

  const config::Clock& clock_;
  const Tell tell_;
  std::map<std::tuple<std::string, std::string, ToldBy>, Seen> seen_;
};

// As a warning in the log.
void log_drift(const Drift& drift);

// A ledger whose new records are watched.
class WatchedLedger final : public Ledger {
 public:
  // Both outlive it.
  WatchedLedger(Ledger& ledger, DriftWatch& watch) : ledger_(ledger), watch_(watch) {}

  config::Result<ThereAlready> append(std::span<const UsageRecord> records) override {
    auto appended = ledger_.append(records);
    if (!appended) return appended;
    for (const UsageRecord& record : records) watch_.saw(record);
    return appended;
  }
  config::Result<config::PicoUsd> spent(const AccountId& account,
                                        config::Clock::Wall since) override {
    return ledger_.spent(account, since);
  }

 private:
  Ledger& ledger_;
  DriftWatch& watch_;
};

}  // namespace gateway
